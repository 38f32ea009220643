/**
 * Grading by the real code: an attempt copies its lab, tries things on the copies and on the lab, and is recorded. Only
 * what is seen and how it is judged is drawn by the simulation.
 */
import { z } from 'zod';
import type { Judge } from '../../src/grading/judge/thread.ts';
import { type RunAttemptDeps, runAttempt } from '../../src/grading/run-attempt.ts';
import type { ActionKind, ObserverKind } from '../../src/grading/types.ts';
import type { MemoryStore } from '../fakes/memory-store.ts';
import type { Owners } from './owners.ts';

const kind = { resultType: () => ({ is: 'dyn' }) as const, components: () => [] };
/** The only kind of look and of step that there is here. */
export const simulated = { kind: 'simulated', spec: z.object({ id: z.string().default('') }), ...kind };

interface GraderDeps
  extends Pick<RunAttemptDeps, 'drivers' | 'templates' | 'ids' | 'leaseSeconds' | 'clock' | 'log'> {
  readonly store: MemoryStore;
  readonly now: () => Date;
  readonly pause: () => Promise<void>;
  /** Whether something fails that does so this often. */
  readonly chance: (share: number) => boolean;
  /** Whether the trainee's work is right. */
  readonly passes: () => boolean;
  readonly owners: Owners;
}

/** Grades and records one attempt, or finds that it is not to be recorded. */
export async function gradeAttempt(id: string, deps: GraderDeps): Promise<void> {
  const { store, pause, owners } = deps;
  let fence = 0;
  const startAttempt: MemoryStore['startAttempt'] = async (...about) => {
    const work = await store.startAttempt(...about);
    fence = work?.fence ?? 0;
    return work;
  };
  const action: ActionKind<{ id: string }> = {
    ...simulated,
    async run({ id: step }) {
      await pause();
      if (step === 'disturb') owners.disturbs(id, fence);
      if (step === 'undisturb') owners.undisturbs(id);
      await pause();
      const ok = step === 'undisturb' || !deps.chance(0.03);
      return ok ? { ok, value: { id: step } } : { ok, reason: 'it was refused', value: null };
    },
  };
  const observer: ObserverKind = {
    ...simulated,
    async observe() {
      await pause();
      return { outcome: 'seen', value: true, at: deps.now(), durationMs: 0 };
    },
  };
  const judge: Pick<Judge, 'evaluate'> = {
    evaluate: async ({ sources }) => sources.map(() => ({ kind: 'value', value: deps.passes() })),
  };
  await runAttempt(
    id,
    {
      ...deps,
      ...{
        attempts: { ...store, startAttempt },
        labs: store,
        operations: store,
        watches: store,
        people: store,
      },
      actions: new Map([[action.kind, action as unknown as ActionKind]]),
      observers: new Map([[observer.kind, observer]]),
      judge,
      draw: () => ({}),
      evidenceKey: null,
    },
    new AbortController().signal,
  );
}
