/** From when to when a journal is asked about. */
import type { LookContext } from '../grading/types.ts';
import { LookFailure } from './look.ts';

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

/** The fault that `since` or `until` names, if it is one. */
export function faultOf(when: string | undefined): readonly string[] {
  if (when === undefined || when === 'step' || isoTime.test(when) || when.includes('{{')) return [];
  return [when];
}

/**
 * `step`: when the running step of a trial began. The id of a fault: when it fired. Else a time in ISO 8601, which may
 * be filled in, such as `{{observed.before.now}}`.
 * @throws LookFailure `missing` for a fault that has not fired yet.
 */
export function momentOf(
  when: string | undefined,
  { records, fill }: Pick<LookContext, 'records' | 'fill'>,
): Date | null {
  if (when === undefined) return null;
  if (when === 'step') {
    if (records.stepStartedAt !== null) return records.stepStartedAt;
    throw new LookFailure(
      'bug',
      'There is no step that this could be since.',
      'since: step outside of a trial',
    );
  }
  const [fault] = faultOf(when);
  if (fault !== undefined) {
    const at = records.events[fault]?.at ?? null;
    if (at !== null) return at;
    throw new LookFailure('missing', `${fault} has not happened yet.`, `fault ${fault} has not fired`);
  }
  const at = new Date(fill.text(when));
  if (!Number.isNaN(at.getTime())) return at;
  throw new LookFailure('bug', 'The time that this asks about is none.', `not a time: ${when}`);
}
