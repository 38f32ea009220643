/** What an attempt draws for its trials: the same again in every run of it. Pure. */
import type { Json, ParameterSpec, TrialSpec } from '../../templates/types.ts';
import type { DrawnTrial } from './forks.ts';

/** Draws values from a seed: the same again for the same seed. */
export type Draw = (
  specs: Readonly<Record<string, ParameterSpec>>,
  seed: string,
  survey: Readonly<Record<string, readonly Json[]>>,
) => Readonly<Record<string, Json>>;

export interface Drawing {
  readonly draw: Draw;
  /** Nobody but us can know it before the attempt. */
  readonly seed: string;
}

export interface Drawn extends DrawnTrial {
  /** Why nothing could be drawn; null when it could. */
  readonly problem: string | null;
}

export function drawFor(trial: TrialSpec, { draw, seed }: Drawing): Drawn {
  try {
    return { trial, attempt: draw(trial.draws, `${seed} ${trial.id}`, {}), problem: null };
  } catch (thrown) {
    return { trial, attempt: {}, problem: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

/** Waits of a drawn length: whole milliseconds, others at each run of a step. */
export function drawnIn(
  { trial }: DrawnTrial,
  { draw, seed }: Drawing,
): (from: number, to: number) => number {
  let nth = 0;
  return (from, to) => {
    const wait = { draw: 'int', redact: false, from: Math.round(from), to: Math.round(to) } as const;
    const { wait: drawn } = draw({ wait }, `${seed} ${trial.id} ${nth++}`, {});
    return typeof drawn === 'number' ? drawn : from;
  };
}
