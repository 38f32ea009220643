/** The judge as it is, and the ways in which one without a defence would be asked. */
import { fork } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import type { Outcome as Judged } from '../../../src/grading/expression/outcome.ts';
import { judgeCheck } from '../../../src/grading/judge/judge.ts';
import { createJudge, type Judge } from '../../../src/grading/judge/thread.ts';
import type { CheckResult, Scope, Value } from '../../../src/grading/types.ts';
import { check } from '../../support/graded-lab.ts';
import type { Worlds } from '../attack.ts';

export interface JudgeWorld {
  readonly judge: Judge;
}

export const judgeWorlds: Worlds<JudgeWorld> = {
  start: async () => ({ judge: createJudge() }),
  stop: ({ judge }) => judge.close(),
};

const signal = () => AbortSignal.timeout(60_000);

export interface Tried {
  readonly outcome: Judged;
  /** The judgement after it is right: the thread works, or another one does. */
  readonly next: boolean;
  readonly ms: number;
}

/** One expression over hostile data, and an honest one after it. */
export async function tryOn(judge: Judge, source: string, scope: Scope): Promise<Tried> {
  const start = performance.now();
  const outcomes = await judge.evaluate({ sources: [source, '1 + 1 == 2'], scope }, signal());
  const [outcome = { kind: 'broken', internal: 'nothing' }, next] = outcomes;
  return { outcome, next: next?.kind === 'value' && next.value, ms: performance.now() - start };
}

/** One expectation over what was seen as `seen`, judged as a check is; `said` is what the learner is told. */
export function judgeSeen(
  judge: Judge,
  that: string,
  said: string,
  seen: Value,
  scope: Scope = {},
  secrets: readonly string[] = [],
): Promise<Pick<CheckResult, 'verdict' | 'message' | 'internal'>> {
  const asked = check('asked', that, {}, { expect: [{ that, points: 10, else: said, partial: [] }] });
  const observation = { outcome: 'seen', value: seen, at: new Date(), durationMs: 1 } as const;
  const input = { check: asked, observations: { seen: observation }, scope, secrets };
  return judgeCheck(input, (batch) => judge.evaluate(batch, signal()));
}

/** Whether a thread without any of our bounds is still at it after so long; it is ended then. */
export async function threadHangs(code: string, ms: number): Promise<boolean> {
  const worker = new Worker(code, { eval: true });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  worker.on('error', () => resolve(false));
  worker.on('exit', () => resolve(false));
  worker.on('online', () => setTimeout(() => resolve(true), ms));
  const hung = await promise;
  await worker.terminate();
  return hung;
}

/** How a process ended in which an expression took one large piece of memory: null when it lived. */
export async function endOfProcess(how: 'judge' | 'library'): Promise<string | null> {
  const child = fork(new URL('./large-join.ts', import.meta.url), [how], { silent: true });
  const [code, killedBy] = await new Promise<[number | null, string | null]>((resolve) =>
    child.on('exit', (exitCode, name) => resolve([exitCode, name])),
  );
  return code === 0 ? null : (killedBy ?? `code ${code}`);
}
