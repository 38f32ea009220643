/** Proves one template in a runtime of this process: labs are asked for, worked in and graded as for any trainee. */
import { availableParallelism } from 'node:os';
import pLimit, { type LimitFunction } from 'p-limit';
import type { Runtime } from '../compose.ts';
import type { BackendName, TemplateVersion } from '../templates/types.ts';
import { doJob } from './do-job.ts';
import type { RunFacts } from './facts.ts';
import { canWait, inTurn, type Job, jobsOf } from './jobs.ts';
import { createProofLabs } from './labs.ts';
import { leaksOf } from './leaks.ts';
import { otherSeed } from './other-seed.ts';
import type { Elsewhere } from './parity.ts';
import { openProofLab } from './proof-lab.ts';
import { reportOf } from './report.ts';
import { RunTrouble } from './trouble.ts';
import type { ProofReport } from './types.ts';
import { type Witnessed, witness } from './witness.ts';

/** What proofs of one runtime share. */
export interface ProvingParts {
  readonly runtime: Runtime;
  readonly witnessed: Witnessed;
  /** Jobs of all templates together; of templates with trials, each of which starts programs, fewer at once. */
  readonly places: { readonly light: LimitFunction; readonly heavy: LimitFunction };
}

/** Runs of one that were done before it was interrupted. */
export interface KeptRuns {
  load(job: string): readonly RunFacts[] | null;
  save(job: string, runs: readonly RunFacts[]): void;
  /** Forgets all. */
  clear(): void;
}

export interface ProofOptions {
  /** Default: process. */
  readonly backend?: BackendName;
  /** How often each solution and wrong way is run. Default: 1. */
  readonly runs?: number;
  /** One run by its name, and no rule that needs all of them. Default: all. */
  readonly only?: string | null;
  /** What parameters are drawn from. */
  readonly seed?: string;
  /** Labs of this template at once. Default: 2. */
  readonly labsAtOnce?: number;
  /**
   * Orders the mutations, and the wrong ways where another backend has shown what they fell; those that have not begun at
   * `mutationsUntil` (`performance.now()`) are left out.
   */
  readonly day?: string;
  readonly mutationsUntil?: number;
  readonly kept?: KeptRuns;
  /**
   * What the runs came to on a backend that proved everything: those that there are on both must agree, and what that
   * one alone shows is not run. Null, the default: everything is proved here.
   */
  readonly like?: Elsewhere | null;
  /** Cuts the ending of labs short. */
  readonly hurry?: AbortSignal;
  readonly onRun?: (run: RunFacts, done: number, all: number) => void;
}

const isGraded = (runs: readonly RunFacts[]) => runs.every(({ cells }) => cells.length > 0);

/** @param cores that jobs may keep busy. */
export function provingParts(runtime: Runtime, cores = availableParallelism()): ProvingParts {
  const places = { light: pLimit(Math.max(2, 2 * cores)), heavy: pLimit(Math.max(1, cores)) };
  return { runtime, witnessed: witness(runtime), places };
}

/**
 * Every promise of *Proof* in the template language, as far as one backend goes. The runtime must have a worker, and
 * the template must be one of its folder. What is wrong with the template is in the report; after an abort it is
 * `partial` and holds what was done. Rejects only for trouble of ours. No lab is left, however it ends.
 */
export async function proveTemplate(
  parts: ProvingParts,
  version: TemplateVersion,
  options: ProofOptions,
  signal: AbortSignal,
): Promise<ProofReport> {
  const { template } = version;
  const {
    backend = 'process',
    seed = 'proof',
    labsAtOnce = 2,
    kept = null,
    only = null,
    like = null,
  } = options;
  const { day = '', runs = 1, mutationsUntil = Number.POSITIVE_INFINITY } = options;
  const began = performance.now();
  const jobs = jobsOf(template, { runs, only, compared: like !== null });
  const done = new Map<Job, readonly RunFacts[]>();
  const resumed = new Set<Job>();
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const labs = createProofLabs(
    (wanted) => openProofLab(parts.runtime, version, { backend, seed: wanted }, either),
    labsAtOnce,
    template.trials.length > 0 ? parts.places.heavy : parts.places.light,
  );
  const unlike = otherSeed(template, seed);
  let noLab: string | null = null;
  let memoryMb = 0;

  function finish(job: Job, facts: readonly RunFacts[]): void {
    done.set(job, facts);
    for (const run of facts) options.onRun?.(run, done.size, jobs.length);
  }

  async function doOne(job: Job): Promise<void> {
    const before = kept?.load(job.name) ?? null;
    if (before !== null) {
      resumed.add(job);
      return finish(job, before);
    }
    const isLate = () => {
      either.throwIfAborted();
      return canWait(job.kind, like !== null) && performance.now() > mutationsUntil;
    };
    const facts = await labs.within(job.otherValues ? unlike : seed, isLate, async (lab) => {
      memoryMb = Math.max(memoryMb, await lab.memoryMb());
      const runs = await doJob(parts, version, job, lab, either);
      return { done: runs, spoiled: !isGraded(runs) };
    });
    if (facts === null) return;
    // What had trouble is done again by who goes on.
    if (isGraded(facts)) kept?.save(job.name, facts);
    finish(job, facts);
  }

  async function attend(job: Job): Promise<void> {
    // One that cannot be had once cannot be had thirty times.
    if (noLab !== null) return;
    try {
      await doOne(job);
    } catch (error) {
      if (error instanceof RunTrouble) noLab ??= error.message;
      else {
        stop.abort(error);
        throw error;
      }
    }
  }

  // A lab would give up on a busy machine before a large database is made. What is wrong with the seed, a lab will tell.
  const isKept = jobs.every((job) => kept?.load(job.name) != null);
  if (!isKept)
    await parts.runtime.drivers
      .get(backend)
      ?.prepare(version, signal)
      .catch(() => {});
  const ends = await Promise.allSettled(inTurn(jobs, template.id, day, like !== null).map(attend));
  await labs.end(options.hurry);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined && !signal.aborted) throw stop.signal.reason;
  const isWhole = done.size === jobs.length && like === null;
  const seconds = (performance.now() - began) / 1000;
  const leaks = signal.aborted ? [] : await leaksOf(parts.runtime, version.hash, signal);
  // What was left out is for another day, which begins anew.
  if (!signal.aborted) kept?.clear();
  return reportOf(version, {
    backend,
    problems: parts.runtime.vocabulary.language.parseTemplate(version.files, template.id).problems,
    runs: jobs.flatMap((job) => (done.get(job) ?? []).map((facts) => ({ facts, resumed: resumed.has(job) }))),
    noLab,
    leaks,
    // What was done before an interruption took its time then.
    took: { memoryMb, seconds: isWhole && resumed.size === 0 && only === null ? seconds : 0 },
    // Of a part of the runs nothing can be said that needs all of them.
    isWhole: isWhole && only === null,
    like,
    interrupted: signal.aborted,
    seconds,
  });
}
