/** How often a lab may still be graded, and when its class hands in, as people read it. */
import type { LabProgress } from '../../grading/progress-view.ts';
import { duration } from './render.ts';
import type { Wire } from './wire.ts';

type Standing = Pick<Wire<LabProgress>, 'onDemand' | 'due' | 'submitted'>;

const laterWork = { accept: 'taken', mark: 'marked as late', refuse: 'refused' };

/** One line each; none where nothing is limited. */
export function onDemandLines({ onDemand, due, submitted }: Standing, now: Date): readonly string[] {
  const { left, attempts, nextAt, because } = onDemand;
  const wait = nextAt === null ? 0 : Math.ceil((Date.parse(nextAt) - now.getTime()) / 1_000);
  const why = because === 'coolDown' ? ': the last ones gained nothing' : '';
  const next = wait > 0 ? `the next is possible in ${duration(wait)}${why}` : null;
  const counted = left === null ? null : `${left} of ${attempts} attempts left`;
  const grading = [counted, next].filter((text) => text !== null).join('; ');
  return [
    ...(grading === '' ? [] : [grading.charAt(0).toUpperCase() + grading.slice(1)]),
    ...(due === null || submitted !== null ? [] : [`Due ${due.at}; later work is ${laterWork[due.late]}`]),
    ...(submitted?.lateSeconds == null ? [] : [`Handed in ${duration(submitted.lateSeconds)} late`]),
  ].map((line) => `${line}.`);
}
