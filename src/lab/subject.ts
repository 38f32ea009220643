/** What one round of reconciling is about, what it may use, and how it notes an effort that failed. */
import type { BackendName, Json, ParameterSpec, TemplateVersion } from '../templates/types.ts';
import type { Clock, Ids } from './clock.ts';
import type { LabError } from './errors.ts';
import type { Lab, Sandbox } from './lab.ts';
import type { Log } from './log.ts';
import type { Policy } from './policy.ts';
import type {
  LabExporter,
  LabOrSandboxKey,
  LabQueue,
  LabStore,
  SandboxDriver,
  Surveyor,
  TemplateStore,
} from './ports.ts';
import type { Telemetry } from './telemetry.ts';

export interface ReconcileDeps {
  readonly labs: LabStore;
  readonly templateStore: TemplateStore;
  readonly drivers: ReadonlyMap<BackendName, SandboxDriver>;
  readonly queue: LabQueue;
  readonly surveyor: Surveyor;
  readonly exporter: LabExporter;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  /** Absent: nobody listens. */
  readonly telemetry?: Telemetry;
  /** Draws a lab's parameters; pure. Throws LabError when the template's draws cannot be done. */
  readonly draw: (
    specs: Readonly<Record<string, ParameterSpec>>,
    seed: string,
    survey: Readonly<Record<string, readonly Json[]>>,
  ) => Readonly<Record<string, Json>>;
  /** Told when a spare was used or given up, so that the stock is looked after. */
  readonly onStockChanged: (change: { readonly templateHash: string; readonly failed: boolean }) => void;
}

/** What a round is about: rows, the pinned template, and the driver that serves it. */
export interface Subject {
  readonly key: LabOrSandboxKey;
  readonly lab: Lab | null;
  readonly sandbox: Sandbox | null;
  readonly now: Date;
  readonly version: TemplateVersion;
  readonly driver: SandboxDriver;
}

/**
 * A failed effort: counted, backed off, told. What can never succeed counts as all tries at once; a backend that is away
 * or full ends no lab, however long that takes: it waits, and says so.
 */
export async function recordFailure(
  subject: Subject,
  errors: readonly LabError[],
  deps: ReconcileDeps,
): Promise<void> {
  const { sandbox, now } = subject;
  const [error] = errors;
  if (sandbox === null || error === undefined) return;
  deps.log.warn({ sandboxId: sandbox.id, labId: sandbox.labId, code: error.code, err: error }, error.message);
  const failures = failuresAfter(sandbox.failures, errors, deps.policy.provisionTries);
  await deps.labs.changeSandbox(
    sandbox.id,
    sandbox.version,
    {
      failures,
      nextTryAt: new Date(now.getTime() + 1000 * retryAfter(sandbox, deps.policy)),
      lastError: error.message,
    },
    [{ type: 'lab.error', data: { code: error.code, message: error.message, failures } }],
  );
}

function failuresAfter(before: number, errors: readonly LabError[], tries: number): number {
  if (errors.some(({ permanent }) => permanent)) return tries;
  const waits = errors.every(({ code }) => code === 'backend_unavailable' || code === 'backend_busy');
  return waits ? Math.min(before + 1, tries - 1) : before + 1;
}

export function retryAfter(sandbox: Sandbox, policy: Policy): number {
  return policy.retrySeconds[Math.min(sandbox.failures, policy.retrySeconds.length - 1)] ?? 30;
}
