import { describe, expect, it } from 'vitest';
import { type AttemptRecord, readRecord } from '../../../src/grading/regrade/attempt-record.ts';
import { looksOf } from '../../../src/grading/regrade/looks.ts';
import { materialFor } from '../../../src/grading/regrade/regradable.ts';
import type { CheckSpec, Template, TemplateVersion, TrialSpec } from '../../../src/templates/types.ts';
import { check, sqlLook, templateOf } from '../../support/graded-lab.ts';

const at = new Date('2026-01-02T03:04:05Z');
const look = (address: string) => ({ at, durationMs: 1, address });

const recordOf = (checks: AttemptRecord['checks'], more: object = {}): AttemptRecord =>
  readRecord({
    format: 1,
    params: { word: 'x' },
    access: { database: { port: 1 } },
    events: { drill: { at, done: at } },
    hintsTaken: {},
    skipped: [],
    progress: [],
    marks: [],
    checks,
    ...more,
  });

const first = check('one', 'a.rows.size() == 1', { a: sqlLook('select 1') });
const record = recordOf({ one: { drawn: null, observations: { a: look('A') } } });

function material(
  now: CheckSpec,
  options: {
    old?: readonly CheckSpec[];
    was?: Partial<Template>;
    is?: Partial<Template>;
    wasFiles?: Record<string, string>;
    isFiles?: Record<string, string>;
    record?: AttemptRecord;
  } = {},
) {
  const version = (
    checks: readonly CheckSpec[],
    more: Partial<Template> = {},
    files = {},
  ): TemplateVersion => ({
    ...templateOf(checks, more),
    files: new Map(Object.entries<string>(files).map(([path, text]) => [path, Buffer.from(text)])),
  });
  const then = looksOf(version(options.old ?? [first], options.was, options.wasFiles));
  return materialFor(
    now,
    looksOf(version([now], options.is, options.isFiles)),
    then,
    options.record ?? record,
  );
}

describe('a check can be judged again', () => {
  it('when its looks are the same and only what is expected of them has changed', () => {
    const now = check('one', 'a.rows.size() == 2', { a: sqlLook('select 1') });
    expect(material(now)).toMatchObject({ looks: { a: { address: 'A' } } });
  });

  it('also when the look has another name, or is all checks’ now, or another check had it', () => {
    expect(material(check('one', 'b.rows.size() == 1', { b: sqlLook('select 1') }))).toMatchObject({
      looks: { b: { address: 'A' } },
    });
    const shared = { observations: { a: sqlLook('select 1') } };
    expect(material(check('one', 'a.rows.size() == 1', {}), { is: shared })).toMatchObject({
      looks: { a: { address: 'A' } },
    });
    expect(material(check('two', 'a.rows.size() == 1', { a: sqlLook('select 1') }))).toMatchObject({
      looks: { a: { address: 'A' } },
    });
  });

  it('without looks that its expectations do not read', () => {
    const now = check('one', 'a.rows.size() == 2', { a: sqlLook('select 1'), more: sqlLook('select 2') });
    expect(material(now)).toMatchObject({ looks: { a: { address: 'A' } } });
  });
});

describe('a check cannot be judged again', () => {
  it('when its look has changed, or where it looks', () => {
    const changed = ['the look "a" has changed'];
    expect(material(check('one', 'a.rows.size() == 1', { a: sqlLook('select 2') }))).toEqual(changed);
    const at = { a: { ...sqlLook('select 1'), at: 'start' } };
    expect(material(check('one', 'a.rows.size() == 1', at))).toEqual(changed);
  });

  it('when a file, a watch or a question that its look names has changed', () => {
    const named = (spec: object) => check('one', 'a.n == 1', { a: { kind: 'x', spec: { ...spec } } });
    const asked = (old: CheckSpec, options: Parameters<typeof material>[1]) =>
      Array.isArray(material(old, { ...options, old: [old] }));
    const file = named({ from: 'grader/cases' });
    const files = { 'grader/cases/one.json': '1', 'other.json': '2' };
    expect(asked(file, { wasFiles: files, isFiles: { ...files, 'other.json': '3' } })).toBe(false);
    expect(asked(file, { wasFiles: files, isFiles: { ...files, 'grader/cases/one.json': '3' } })).toBe(true);
    expect(asked(file, { wasFiles: files, isFiles: { ...files, 'grader/cases/two.json': '3' } })).toBe(true);
    const watch = { id: 'up', everySeconds: 1, look: sqlLook('select 1'), good: 'true' };
    const watched = named({ id: 'up' });
    expect(asked(watched, { was: { watches: [watch] }, is: { watches: [watch] } })).toBe(false);
    expect(
      asked(watched, { was: { watches: [watch] }, is: { watches: [{ ...watch, good: 'false' }] } }),
    ).toBe(true);
  });

  it('when nobody looked at it, or it reads what was not there', () => {
    const now = check('one', 'a.rows.size() == 1 && z.rows.size() == 1', {
      a: sqlLook('select 1'),
      z: sqlLook('select 3'),
    });
    expect(material(now)).toEqual(['the look "z" was not recorded']);
    const reads = (that: string) => material(check('one', that, { a: sqlLook('select 1') }));
    expect(reads('a.n == params.other')).toEqual(['the parameter "other" was not recorded']);
    expect(reads('a.n == params["other"]')).toEqual(['the parameter "other" was not recorded']);
    expect(reads('a.n == params.word-1')).toMatchObject({ looks: {} });
    expect(reads('a.n == access.cache.port')).toEqual(['the access to "cache" was not recorded']);
    expect(reads('a.at > events.fire.at')).toEqual(['the event "fire" was not recorded']);
    expect(reads('a.n == attempt.word')).toEqual(['the value of the trial "word" was not recorded']);
  });

  it('when its trial does anything else now', () => {
    const trial = (query: string): TrialSpec => ({
      id: 't',
      fork: null,
      beside: null,
      draws: {},
      deadlineSeconds: 1,
      steps: [{ do: 'observe', observe: { seen: sqlLook('select 1'), more: sqlLook(query) } }],
      undo: [],
    });
    const old = check('one', 'seen.rows.size() == 1', {}, { trial: 't' });
    const drawn = recordOf({ one: { drawn: { w: 1 }, observations: { seen: look('S') } } });
    const same = { was: { trials: [trial('select 2')] }, is: { trials: [trial('select 2')] } };
    expect(material(old, { old: [old], ...same, record: drawn })).toMatchObject({
      looks: { seen: { address: 'S' } },
      drawn: { w: 1 },
    });
    const other = { was: { trials: [trial('select 2')] }, is: { trials: [trial('select 3')] } };
    expect(material(old, { old: [old], ...other, record: drawn })).toEqual(['the look "seen" has changed']);
  });

  it('when it waits for an event of which nothing is known, or its criteria are others than were marked', () => {
    expect(material(check('one', 'true', {}, { require: { event: 'fire' } }))).toEqual([
      'the event "fire" was not recorded',
    ]);
    const rubric = (id: string) => ({
      of: null,
      criteria: [{ id, points: 10, text: '', full: null, half: null }],
    });
    const marked = recordOf({}, { marks: [{ checkId: 'one', marks: { style: 'full' }, comment: null }] });
    const by = (id: string) =>
      material(check('one', '', {}, { rubric: rubric(id), expect: [] }), { record: marked });
    expect(by('style')).toMatchObject({ looks: {} });
    expect(by('wit')).toEqual(['its criteria are not those that were marked']);
  });
});
