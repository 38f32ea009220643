/** Does the runs of one job in a lab that is at its start, and writes down what each came to. */
import type { Runtime } from '../compose.ts';
import type { TemplateVersion } from '../templates/types.ts';
import { cellsOf } from './cells.ts';
import type { Finding, RunFacts, UndoneStep } from './facts.ts';
import { againOf, type Job, rerunOf, resetOf, startOf } from './jobs.ts';
import { noiseFindings } from './noise.ts';
import type { ProofLab } from './proof-lab.ts';
import { whileUnchanged } from './purity.ts';
import { RunTrouble } from './trouble.ts';
import type { Cell, RunKind } from './types.ts';
import type { Witnessed } from './witness.ts';

interface Graded {
  readonly cells: readonly Cell[];
  readonly found: readonly Finding[];
}

export interface DoingParts {
  readonly runtime: Runtime;
  readonly witnessed: Witnessed;
}

/** Rejects on abort and for trouble that no template can cause. */
export async function doJob(
  parts: DoingParts,
  version: TemplateVersion,
  job: Job,
  lab: ProofLab,
  signal: AbortSignal,
): Promise<readonly RunFacts[]> {
  const { template } = version;
  const runs: RunFacts[] = [];
  let began = performance.now();

  function write(
    name: string,
    kind: RunKind,
    cells: readonly Cell[],
    undone: readonly UndoneStep[],
    found: readonly Finding[],
  ): void {
    const { of, otherValues, dropped, like } = job;
    const now = performance.now();
    const seconds = Math.round((now - began) / 100) / 10;
    began = now;
    runs.push({ name, kind, of, otherValues, dropped, like, cells, undone, found, seconds });
  }

  async function grade(): Promise<Graded> {
    const attempt = await lab.grade();
    const judged = parts.witnessed.take(lab.id, attempt.number);
    const cells = cellsOf(attempt.results, judged);
    // Of a step that is left out only verdicts count, and what is blocked has no say.
    const counts = (check: string) =>
      job.kind !== 'mutation' && cells.some((cell) => cell.check === check && cell.verdict !== 'blocked');
    const timed = judged.filter(({ result }) => counts(result.checkId));
    return { cells, found: await noiseFindings(parts.runtime.judge, timed, signal) };
  }

  /** And sees that the lab is as it was. */
  async function gradePurely(): Promise<Graded> {
    const { graded, found } = await whileUnchanged(lab.state, grade, signal);
    return { ...graded, found: [...graded.found, ...found] };
  }

  async function steps(goOn: boolean): Promise<readonly UndoneStep[]> {
    const done = await lab.solve(job.steps, goOn);
    return done.flatMap(({ id, outcome, reason }) =>
      outcome === 'done' ? [] : [{ id, outcome, reason: reason ?? 'no reason is known' }],
    );
  }

  /** What a template can cause is a finding; the runs of this job that were to follow are not done. */
  async function run(
    name: string,
    kind: RunKind,
    work: () => Promise<readonly UndoneStep[]>,
    see: () => Promise<Graded> = grade,
  ): Promise<void> {
    let undone: readonly UndoneStep[] = [];
    try {
      undone = await work();
      const { cells, found } = await see();
      write(name, kind, cells, undone, found);
    } catch (error) {
      if (!(error instanceof RunTrouble)) throw error;
      write(name, kind, [], undone, [{ code: error.code, check: null, message: error.message }]);
      throw error;
    }
  }

  const nothing = async () => [];
  try {
    const isWhole = job.kind === 'solution' && !job.otherValues && job.like === null;
    if (isWhole) await run(startOf(job.name), 'start', nothing, gradePurely);
    const kind = job.like === null ? job.kind : 'repeat';
    await run(job.name, kind, () => steps(job.kind !== 'solution'));
    if (isWhole) {
      await run(againOf(job.name), 'again', nothing, gradePurely);
      if (template.test.rerunSkip === null) await run(rerunOf(job.name), 'rerun', () => steps(true));
      await run(resetOf(job.name), 'reset', async () => {
        await lab.reset();
        return [];
      });
    }
  } catch (error) {
    if (!(error instanceof RunTrouble)) throw error;
  }
  return runs;
}
