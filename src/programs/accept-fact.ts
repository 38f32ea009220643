/** Whether what somebody wants to store fits the program. Pure. */
import { markedResult } from '../grading/judge/rubric.ts';
import type { MarkLevel } from '../grading/types.ts';
import { LabError } from '../lab/errors.ts';
import { didYouMean, listWords } from '../templates/suggest.ts';
import type { CriterionSpec } from '../templates/types.ts';
import { dayOf, isDay } from './calendar.ts';
import { itemsOf, rubricOf } from './items.ts';
import type { FactKind, NewFact } from './record.ts';
import type { Program } from './types.ts';

/** As it comes from outside: what is left out is undefined. */
export interface GivenFact {
  readonly trainee: string;
  readonly kind: FactKind;
  readonly item: string;
  readonly on?: string | undefined;
  readonly hours?: number | undefined;
  readonly percent?: number | undefined;
  readonly marks?: Readonly<Record<string, MarkLevel>> | undefined;
  readonly comment?: string | undefined;
  readonly withdrawn?: boolean | undefined;
}

const values = ['hours', 'percent', 'marks'] as const;
const taken: Readonly<Record<FactKind, readonly (typeof values)[number][]>> = {
  attendance: ['hours'],
  quiz: ['percent'],
  mark: ['percent', 'marks'],
  attestation: [],
  waiver: [],
};

/**
 * Throws `validation_failed` that names the field, what was found and what is allowed.
 *
 * @param field what the names of fields begin with, such as `facts.3.`.
 */
export function acceptFact(
  program: Program,
  given: GivenFact,
  { by, now, field }: { readonly by: string; readonly now: Date; readonly field: string },
): NewFact {
  const refuse = (name: string, found: string, allowed: string): LabError =>
    refused(`${field}${name}`, found, allowed);
  const items = itemsOf(program, given.kind);
  if (!items.includes(given.item)) {
    throw refuse('item', `"${given.item}"${didYouMean(given.item, items)}`, listWords(items));
  }
  const today = dayOf(now);
  const on = given.on ?? today;
  // Somewhere it is tomorrow already.
  const tomorrow = dayOf(new Date(now.getTime() + 86_400_000));
  if (!isDay(on) || on > tomorrow) throw refuse('on', `"${on}"`, `a day such as ${today}, not one to come`);

  const withdrawn = given.withdrawn ?? false;
  const present = values.filter((name) => given[name] !== undefined);
  const allowed = withdrawn ? [] : taken[given.kind];
  const stranger = present.find((name) => !allowed.includes(name));
  if (stranger !== undefined) {
    const what = withdrawn ? 'nothing: it is withdrawn' : `nothing: of a fact of kind ${given.kind}`;
    throw refuse(stranger, 'a value', what);
  }
  if (allowed.length > 0 && present.length !== 1) {
    const found = present.length === 0 ? 'nothing' : present.join(' and ');
    throw refuse(
      allowed[0] ?? '',
      found,
      allowed.length === 1 ? ranges[allowed[0] ?? 'hours'] : 'percent or marks',
    );
  }
  const { hours = null, comment = null } = given;
  if (hours !== null && !(hours >= 0 && hours <= 24)) throw refuse('hours', String(hours), ranges.hours);
  if (given.percent !== undefined && !(given.percent >= 0 && given.percent <= 100)) {
    throw refuse('percent', String(given.percent), ranges.percent);
  }
  if (given.kind === 'waiver' && !withdrawn && (comment ?? '').trim() === '') {
    throw refuse('comment', 'nothing', 'the reason for the waiver');
  }
  let { percent = null } = given;
  let marks: NewFact['marks'] = null;
  if (given.marks !== undefined) {
    const name = rubricOf(program, given.item) ?? '';
    const criteria = program.rubrics[name];
    if (criteria === undefined)
      throw refuse('marks', 'marks', `percent: the rubric "${name}" has no criteria`);
    marks = given.marks;
    percent = percentOf(criteria, given.marks, refuse);
  }
  const { trainee, kind, item } = given;
  return { trainee, kind, item, on, hours, percent, marks, comment, withdrawn, by };
}

const ranges = {
  hours: 'hours from 0 to 24',
  percent: 'a percentage from 0 to 100',
  marks: 'full, half or none by criterion',
} as const;

function percentOf(
  criteria: readonly CriterionSpec[],
  marks: Readonly<Record<string, MarkLevel>>,
  refuse: (name: string, found: string, allowed: string) => LabError,
): number {
  const ids = criteria.map((one) => one.id);
  const stranger = Object.keys(marks).find((id) => !ids.includes(id));
  if (stranger !== undefined) throw refuse('marks', `"${stranger}"`, `the criteria ${ids.join(', ')}`);
  const most = criteria.reduce((sum, one) => sum + one.points, 0);
  const unmarked = ids.find((id) => !Object.hasOwn(marks, id));
  if (unmarked !== undefined) throw refuse(`marks.${unmarked}`, 'nothing', 'full, half, none');
  const points = markedResult({ of: null, criteria }, { marks }).points.reduce((sum, one) => sum + one, 0);
  return (points / most) * 100;
}

function refused(field: string, found: string, allowed: string): LabError {
  return new LabError('validation_failed', `${field}: found ${found}; allowed is ${allowed}.`, {
    extra: { errors: [{ field, found, allowed }] },
  });
}
