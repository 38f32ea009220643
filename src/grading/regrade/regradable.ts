/** Whether the record of an attempt holds all that a check's expressions read, so that it can be judged again. Pure. */
import type { CheckSpec } from '../../templates/types.ts';
import { isRead } from '../grade-check.ts';
import { blockedUntil } from '../judge/waiting.ts';
import type { AttemptRecord, RecordedLook } from './attempt-record.ts';
import type { Looks } from './looks.ts';

export interface Material {
  readonly looks: Readonly<Record<string, RecordedLook>>;
  /** What the check's trial had drawn. */
  readonly drawn: AttemptRecord['params'] | null;
}

/** What a check of `now` is judged on, of an attempt that was graded by `then`; or why it cannot be. */
export function materialFor(
  check: CheckSpec,
  now: Looks,
  then: Looks,
  record: AttemptRecord,
): Material | readonly string[] {
  if (check.require !== null && !Object.hasOwn(record.events, check.require.event)) {
    return [`the event "${check.require.event}" was not recorded`];
  }
  if (blockedUntil(check, record.events, now.version.template.faults) !== null) return nothing;
  if (check.rubric !== null) return rubricTrouble(check, record);

  const drawn = drawnFor(check, now, then, record);
  const obstacles = [...missingRoots(check, record, drawn)];
  const looks: Record<string, RecordedLook> = {};
  for (const name of now.names(check).filter((one) => isRead(one, check))) {
    const found = recordedLook(check, name, now, then, record);
    if (typeof found === 'string') obstacles.push(found);
    else looks[name] = found;
  }
  return obstacles.length > 0 ? obstacles : { looks, drawn };
}

const nothing: Material = { looks: {}, drawn: null };

/** Of this check under this name where it has it; else of any check that had the same look. */
function recordedLook(
  check: CheckSpec,
  name: string,
  now: Looks,
  then: Looks,
  record: AttemptRecord,
): RecordedLook | string {
  const wanted = now.identity(check, name);
  const before = then.check(check.id);
  const others = then.version.template.checks.filter((one) => one !== before);
  for (const other of before === undefined ? others : [before, ...others]) {
    const seen = record.checks[other.id]?.observations ?? {};
    const names = [name, ...Object.keys(seen).filter((one) => one !== name)];
    const same = names.find((one) => Object.hasOwn(seen, one) && then.identity(other, one) === wanted);
    const found = same === undefined ? undefined : seen[same];
    if (found !== undefined) return found;
  }
  const old = before === undefined ? null : then.identity(before, name);
  return old === null || old === wanted
    ? `the look "${name}" was not recorded`
    : `the look "${name}" has changed`;
}

function drawnFor(check: CheckSpec, now: Looks, then: Looks, record: AttemptRecord): Material['drawn'] {
  if (check.trial === null) return null;
  const wanted = now.trialIdentity(check.trial);
  const same = then.version.template.checks.find(
    ({ id, trial }) =>
      trial !== null && then.trialIdentity(trial) === wanted && record.checks[id]?.drawn != null,
  );
  return same === undefined ? null : (record.checks[same.id]?.drawn ?? null);
}

function missingRoots(check: CheckSpec, record: AttemptRecord, drawn: Material['drawn']): readonly string[] {
  const roots = {
    params: { known: record.params, what: 'parameter' },
    access: { known: record.access, what: 'access to' },
    events: { known: record.events, what: 'event' },
    attempt: { known: drawn ?? {}, what: 'value of the trial' },
  } as const;
  const texts = check.expect.flatMap(({ that, partial, else: said }) => [
    that,
    said,
    ...partial.map((part) => part.that),
  ]);
  const read = texts.flatMap((text) => [
    ...text.matchAll(/(?<![\w.])(params|access|events|attempt)(?:\.|\[\s*["'])([A-Za-z_][\w-]*)/g),
  ]);
  const missing = read.flatMap(([, root, name]) => {
    if (root === undefined || name === undefined || !(root in roots)) return [];
    const { known, what } = roots[root as keyof typeof roots];
    const plain = name.replace(/-.*$/, '');
    if (Object.hasOwn(known, name) || Object.hasOwn(known, plain)) return [];
    return [`the ${what} "${name}" was not recorded`];
  });
  return [...new Set(missing)];
}

function rubricTrouble({ id, rubric }: CheckSpec, { marks }: AttemptRecord): Material | readonly string[] {
  const given = marks.find(({ checkId }) => checkId === id);
  const ids = rubric?.criteria.map((one) => one.id) ?? [];
  const same = given === undefined || Object.keys(given.marks).toSorted().join() === ids.toSorted().join();
  return same ? nothing : ['its criteria are not those that were marked'];
}
