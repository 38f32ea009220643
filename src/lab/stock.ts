/**
 * Keeps a small stock of spare sandboxes for the templates that people ask for, so that a lab is claimed instead of
 * built. Spares of a version that nobody would get any more are drained.
 */
import type { BackendName, TemplateVersion } from '../templates/types.ts';
import type { Ids } from './clock.ts';
import { type ErrorCode, LabError } from './errors.ts';
import { condemned } from './plan.ts';
import type { Policy } from './policy.ts';
import type { LabQueue, LabStore, TemplateStore } from './ports.ts';
import type { ServedTemplates } from './releases/served-templates.ts';

export interface StockDeps {
  readonly labs: LabStore;
  readonly templates: Pick<ServedTemplates, 'loadFor' | 'hashes'>;
  readonly templateStore: TemplateStore;
  readonly queue: LabQueue;
  readonly ids: Ids;
  readonly policy: Policy;
  readonly backends: ReadonlySet<BackendName>;
}

/** Templates that were asked for in this time keep spares. */
const demandSeconds = 24 * 3600;
/** Why a version that was asked for cannot be had now. */
const stale: ReadonlySet<ErrorCode> = new Set(['class_not_found', 'template_invalid']);
const firstPauseMs = 5_000;
const longestPauseMs = 10 * 60_000;

export interface Stock {
  /** Drains and fills once. Idempotent, safe beside other replicas. */
  keep(): Promise<void>;
  /** A spare could not be built or broke: the next one of this version waits, longer each time. */
  failed(templateHash: string): void;
}

export function createStock(deps: StockDeps): Stock {
  /** By template version: how long to wait after its last failure, and since the database's clock said when. */
  const pauses = new Map<string, { readonly ms: number; readonly until: number | null }>();

  async function drain(): Promise<void> {
    const spares = await deps.labs.listSpares();
    // Reading all templates is not free, and most of the time there is nothing to hold against them.
    if (spares.length === 0) return;
    const served = await deps.templates.hashes();
    for (const spare of spares) {
      if (deps.policy.spares > 0 && served.has(spare.templateHash)) continue;
      const change = condemned(spare);
      if (await deps.labs.changeSandbox(spare.id, change.version, change.change)) {
        await deps.queue.wake(`sandbox:${spare.id}`);
      }
    }
  }

  async function fill(): Promise<void> {
    const now = (await deps.labs.now()).getTime();
    for (const { templateId, class: classId, backend } of await deps.labs.recentDemand(demandSeconds)) {
      const version = await servedTo(templateId, classId);
      if (version === null || !deps.backends.has(backend) || !version.template.backends.includes(backend))
        continue;
      if (paused(version.hash, now)) continue;
      await deps.templateStore.save(version);
      for (;;) {
        const spare = await deps.labs.startSpare(
          {
            id: deps.ids.sandbox(),
            templateId,
            templateHash: version.hash,
            backend,
            components: Object.keys(version.template.components),
          },
          deps.policy.spares,
        );
        if (spare === null) break;
        await deps.queue.wake(`sandbox:${spare.id}`);
      }
    }
  }

  /** Null also where its class is gone: nobody asks for that any more. */
  async function servedTo(templateId: string, classId: string | null): Promise<TemplateVersion | null> {
    try {
      return await deps.templates.loadFor(templateId, classId);
    } catch (thrown) {
      if (thrown instanceof LabError && stale.has(thrown.code)) return null;
      throw thrown;
    }
  }

  function paused(hash: string, now: number): boolean {
    const pause = pauses.get(hash);
    if (pause === undefined) return false;
    const until = pause.until ?? now + pause.ms;
    // It has worked for long since: another failure begins with a short pause again.
    if (now >= until + longestPauseMs) pauses.delete(hash);
    else pauses.set(hash, { ms: pause.ms, until });
    return now < until;
  }

  return {
    async keep() {
      await drain();
      if (deps.policy.spares > 0) await fill();
    },
    failed(templateHash) {
      const ms = Math.min((pauses.get(templateHash)?.ms ?? firstPauseMs / 2) * 2, longestPauseMs);
      pauses.set(templateHash, { ms, until: null });
    },
  };
}
