/** Proves templates of one folder in a Labwright of their own, each on all of its backends. */
import pLimit from 'p-limit';
import { builtBackends, type Config } from '../../config.ts';
import { runsAlone } from '../../proving/jobs.ts';
import { type Elsewhere, elsewhereOf } from '../../proving/parity.ts';
import { absentReport, keptReport } from '../../proving/report.ts';
import type { ProofReport } from '../../proving/types.ts';
import type { BackendName, TemplateVersion } from '../../templates/types.ts';
import type { Cli } from '../cli.ts';
import { endLeftovers, inPrivateRuntime, type PrivateUse, type PrivateWorld } from '../private-runtime.ts';
import type { Terminal } from '../terminal.ts';
import { possibleBackends, type WantedBackends } from './test-backends.ts';
import type { TestPlan } from './test-plan.ts';

/** Of those that bear company: each has a few labs. */
const templatesAtOnce = 3;
const labsEach = 2;

export type Tell = (report: ProofReport) => void;

/** A template of which something has to be run. */
export interface Due {
  readonly version: TemplateVersion;
  readonly wanted: WantedBackends;
}

export function isDue({ records }: TestPlan, version: TemplateVersion, backend: BackendName): boolean {
  return records?.isDue(version, backend) !== false;
}

/** Of backends that cannot be had. */
export function tellAbsent(
  plan: TestPlan,
  version: TemplateVersion,
  { on, absent }: WantedBackends,
  tell: Tell,
): void {
  // One that is proved nowhere is no success.
  const isBorne = on.length > 0 && !plan.requireBackends;
  for (const { backend, why } of absent) tell(absentReport(version, backend, why, isBorne));
}

/** Tells a report for each template and backend. @param config whose folder of templates has all of them. */
export function proveDue(
  cli: Cli,
  use: PrivateUse,
  config: Config,
  due: readonly Due[],
  plan: TestPlan,
  tell: Tell,
): Promise<void> {
  const nothingBefore = async () => {};
  const backends = builtBackends.filter((one) => due.some(({ wanted }) => wanted.on.includes(one)));
  return inPrivateRuntime(cli, use, { ...config, backends }, nothingBefore, (world) =>
    proveAll(cli.terminal, world, due, plan, tell),
  );
}

async function proveAll(
  terminal: Terminal,
  { runtime, progress, hold }: PrivateWorld,
  due: readonly Due[],
  plan: TestPlan,
  tell: Tell,
): Promise<void> {
  const { keptRuns } = await import('../../proving/kept-runs.ts');
  const { prover } = await import('../../proving/proof-lab.ts');
  const { proveTemplate, provingParts } = await import('../../proving/prove.ts');
  const parts = provingParts(runtime);
  const { only } = plan;

  /** @param like what it must agree with; null: it proves everything. */
  async function proveOn(
    backend: BackendName,
    version: TemplateVersion,
    like: Elsewhere | null,
    labsAtOnce: number,
  ): Promise<ProofReport> {
    const { id } = version.template;
    const kept = keptRuns(plan.keptIn, [version.hash, plan.platformOf(backend), backend]);
    if (plan.fresh) kept.clear();
    let left = 0;
    const options = {
      ...plan,
      backend,
      like,
      labsAtOnce,
      hurry: hold.hurry,
      // Who asks for one run wants to see it run.
      ...(only === null ? { kept } : {}),
      onRun({ name }: { readonly name: string }, done: number, all: number) {
        left = all - done;
        progress.say(`${id} on ${backend}: ${done} of ${all} done, ${name}`);
      },
    };
    const report = await proveTemplate(parts, version, options, hold.stop);
    progress.clear();
    tell(report);
    if (report.outcome === 'proved' && left > 0)
      terminal.note(`${id} on ${backend}: ${left} runs are left for another day.`);
    return report;
  }

  /** On the first backend everything; on the others, one after the other, what must be the same there. */
  async function proveOne({ version, wanted }: Due, labsAtOnce: number): Promise<void> {
    const lacks = (backend: BackendName) =>
      runtime.drivers.get(backend)?.lacks(version) ?? ['The backend is not there.'];
    const possible = possibleBackends(version, wanted, lacks);
    let like: Elsewhere | null = null;
    for (const backend of possible.on) {
      if (hold.stop.aborted) return;
      if (!isDue(plan, version, backend)) {
        tell(keptReport(version, backend));
        like ??= plan.records?.verdicts(version, backend) ?? null;
        continue;
      }
      const report = await proveOn(backend, version, like, labsAtOnce);
      // What does not agree with a refused one, or agrees with it, is worth nothing.
      const isSound = like === null || like.isSound;
      if (report.outcome === 'proved' && isSound) plan.write?.keep(version, report);
      like ??= elsewhereOf(report);
    }
    tellAbsent(plan, version, possible, tell);
  }

  await endLeftovers(runtime, prover);
  progress.say('asking for labs');
  const atOnce = pLimit(templatesAtOnce);
  const beside = due.filter(({ version }) => !runsAlone(version.template));
  await Promise.all(beside.map((one) => atOnce(() => proveOne(one, labsEach))));
  for (const one of due.filter(({ version }) => runsAlone(version.template))) await proveOne(one, 1);
}
