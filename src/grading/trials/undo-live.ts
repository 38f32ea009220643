/** Undoing what trials did to the lab itself, also in the name of a worker that died in one. */
import type { Log } from '../../lab/log.ts';
import type { Side, TrialWorld } from './bench.ts';
import { type Drawing, type Drawn, drawFor, drawnIn } from './drawn.ts';
import { undoTrial } from './run-trial.ts';

export interface Undoing extends TrialWorld, Drawing {
  readonly live: Side;
  readonly log: Log;
}

/** Every step is tried, also when the attempt is aborted: it is bounded in itself. What fails is logged. */
export async function undoLive(one: Drawn, undoing: Undoing): Promise<void> {
  const about = { ...undoing, ...one, drawn: drawnIn(one, undoing) };
  const failed = await undoTrial(about, new AbortController().signal);
  for (const { id, reason } of failed) {
    undoing.log.error({ trial: one.trial.id, step: id, reason }, 'an undo failed');
  }
}

/** Of all live trials of the template, one after the other: nobody knows which of them an earlier run had begun. */
export async function undoAllLive(undoing: Undoing): Promise<void> {
  for (const trial of undoing.version.template.trials) {
    if (trial.fork === null) await undoLive(drawFor(trial, undoing), undoing);
  }
}
