/** Trials and watches, found to be right, as everything else works with them. */
import { stepOf } from './edits.ts';
import type { Authored } from './schema.ts';
import type { TrialSpec, TrialStep } from './types.ts';
import type { PlacedTrial } from './validate-trials.ts';

/** @param deadline of grading, in seconds: that of a trial that names none. */
export function trialOf(
  trial: Authored['trials'][number],
  placed: PlacedTrial | undefined,
  deadline: number,
): TrialSpec {
  return {
    id: trial.id,
    fork: trial.on === 'live' ? null : { components: trial.on.fork, env: trial.on.env },
    beside: trial.beside === undefined ? null : { components: trial.beside.fork },
    draws: trial.draws,
    deadlineSeconds: trial.deadline ?? deadline,
    steps: (placed?.steps ?? []).map(
      (one): TrialStep =>
        one.do === 'observe'
          ? { do: 'observe', observe: one.observe }
          : { do: 'act', step: stepOf(one.step) },
    ),
    undo: (placed?.undo ?? []).map(stepOf),
  };
}

/** What makes a sample a good one when its author does not say. */
export function goodOf({ good, observe }: Authored['watches'][number]): string {
  return good ?? (observe.kind === 'http' ? 'it.status >= 200 && it.status < 300' : 'true');
}
