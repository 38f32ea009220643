import { describe, expect, it } from 'vitest';
import { createFunctions, macros } from '../../../src/grading/expression/functions.ts';
import { typeOfPath } from '../../../src/grading/expression/path-type.ts';
import type { ValueType } from '../../../src/grading/types.ts';
import { compiled, dynRoots, problemsOf } from './run.ts';

const dyn: ValueType = { is: 'dyn' };
const roots: Record<string, ValueType> = {
  row: {
    is: 'object',
    fields: {
      rows: { is: 'list', of: { is: 'map', of: dyn } },
      columns: { is: 'list', of: { is: 'string' } },
      rowCount: { is: 'number' },
      durationMs: { is: 'number' },
    },
  },
  api: {
    is: 'object',
    fields: {
      status: { is: 'number' },
      text: { is: 'string' },
      json: dyn,
      at: { is: 'timestamp' },
      ok: { is: 'bool' },
    },
  },
  params: { is: 'object', fields: { email: { is: 'string' }, rate: { is: 'number' } } },
};

describe('the type check refuses, with the place and the word that was meant', () => {
  it.each([
    ['rows.rows.size() == 1', 0, 'unknown name "rows"', 'row'],
    ['row.rowz.size() == 1', 4, 'unknown field "rowz"', 'rows'],
    ['api.status == 200 && params.emial == "x"', 28, 'unknown field "emial"', 'email'],
    ['has(row.rowz)', 8, 'unknown field "rowz"', 'rows'],
    ['api.?statis.orValue(1) == 1', 5, 'unknown field "statis"', 'status'],
    ['api["statis"] == 1', 0, 'unknown field "statis"', 'status'],
    ['row.rows.sze() == 1', 0, 'unknown function "sze"', 'size'],
    ['api.text.like("(")', 14, '"like" does not take this pattern', null],
    ['api.text.matches("a")', 0, 'like(text, pattern)', 'like'],
    ['api.status == "200"', 0, 'a number and text, which are never equal', null],
    ['row.columns == [1]', 0, 'never equal', null],
    ['api.status + "x" == "x"', 0, '"+" does not work on a number and text', null],
    ['api.status < "x"', 0, '"<" cannot order a number and text', null],
    ['api.at < 3', 0, 'cannot order', null],
    ['api.status in ["a"]', 0, 'is never in a list', null],
    ['api.status in 3', 0, 'needs a list or a map', null],
    ['row.rows.id == "1"', 9, 'a list has no field "id"', null],
    ['api.status.x == 1', 11, 'a number has no field "x"', null],
    ['row.rows["a"] == 1', 9, 'taken by number', null],
    ['api.status[0] == 1', 0, 'has no items', null],
    ['api.text.exists(x, true)', 4, '"exists" needs a list', null],
    ['row.rows.exists(r, r.id)  && row.columns.exists(c, c)', 51, '"exists" needs true or false', null],
    ['sum(row.columns) == 1', 0, '"sum" cannot be called', null],
    ['size(api.status) == 1', 0, '"size" cannot be called', null],
    ['api.text.startsWith(1)', 0, '"startsWith" cannot be called', null],
    ['row.rowCount', 0, 'must be true or false, and is a number', null],
    ['!api.status', 5, 'needs true or false', null],
    ['api.ok && api.status', 14, 'needs true or false', null],
    ['api.status ? true : false', 4, 'needs true or false', null],
    ['api.?status == 200', 0, '.orValue', null],
    ['has(row)', 0, '"has" takes a path', null],
    ['has(row.rows[0].id)', 0, '"has" takes a path', null],
    ['all(row.rows, true)', 0, 'written list.all', null],
    ['api.status == 200u', 14, 'without "u"', null],
    ['{1: 2} == {"a": 1}', 1, 'a key must be text', null],
    ['api.status ==', 13, 'Unexpected token', null],
    ['api.status = 200', 11, 'Unexpected', null],
    ['', 0, 'Unexpected token', null],
    ['true || '.repeat(600), 4_000, 'longer than', null],
  ])('%s', (source, offset, message, suggestion) => {
    const [problem] = problemsOf(source, roots);
    expect(problem).toMatchObject({ offset, suggestion });
    expect(problem?.message).toContain(message);
  });

  it('finds every problem at once', () => {
    expect(problemsOf('a == 1 && row.x == 2 && foo(b)', roots)).toHaveLength(4);
  });

  it.each([
    'row.rows.size() == 1',
    'row.rows[0].anything == params.rate',
    'api.json.items.map(i, i.id) == row.rows.map(r, r.id)',
    'api.json.deep.er[0] > 3',
    'params.email in row.columns',
    'api.status == null || api.status != null',
    'row.rows.map(r, r.n).sum() + 1 > 2',
    'api.at - api.at < duration("1s")',
    'row.columns.sort()[0] == "id"',
    'row.rows[0]["a"] == row.rows[0].a',
    'api.text.split(",").map(x, double(x)).max() > 3',
  ])('takes %s', (source) => {
    expect(problemsOf(source, roots)).toEqual([]);
  });
});

describe('limits on shape', () => {
  it('takes two loops inside each other and refuses three', () => {
    expect(problemsOf('list.all(x, list.exists(y, y == x))', dynRoots('list'))).toEqual([]);
    expect(problemsOf('list.all(x, list.exists(y, list.all(z, z == y)))', dynRoots('list'))[0]).toMatchObject(
      {
        offset: 27,
        message: expect.stringContaining('nested more than 2 deep'),
      },
    );
  });

  it('counts loops inside each other, not one after the other', () => {
    const source = 'list.filter(x, x > 1).map(x, x + 1).filter(x, x > 2).exists(x, x == 3)';
    expect(problemsOf(source, dynRoots('list'))).toEqual([]);
  });

  it('refuses deep nesting instead of running out of stack', () => {
    expect(problemsOf(`${'('.repeat(500)}true${')'.repeat(500)}`, {})).toHaveLength(1);
    expect(problemsOf(`${'!'.repeat(3_000)}true`, {}).length).toBeLessThanOrEqual(1);
    expect(problemsOf(Array(200).fill('1 == 1').join(' && '), {})).toEqual([]);
  });
});

describe('lint', () => {
  it.each([
    ['list.all(x, x > 0)', 1],
    ['list.size() > 0 && list.all(x, x > 0)', 0],
    ['size(list) == 3 && list.all(x, x > 0)', 0],
    ['list.exists(x, x > 1) && list.all(x, x > 0)', 0],
    ['other.size() > 0 && list.all(x, x > 0)', 1],
    ['["a", "b"].all(k, k in list)', 0],
    ['list.filter(x, x > 1).all(x, x > 0)', 1],
  ])('%s: %i warnings', (source, count) => {
    const { warnings } = compiled(source, dynRoots('list', 'other'));
    expect(warnings).toHaveLength(count);
  });

  it('names the list, so that another expectation can answer for it', () => {
    const { warnings } = compiled('row.rows.all(x, x > 0)', dynRoots('row'));
    expect(warnings[0]).toMatchObject({ list: 'row.rows', offset: 0 });
    expect(compiled('row.rows.size() == 3', dynRoots('row')).sizeTests).toEqual(['row.rows']);
  });
});

describe('the table of functions', () => {
  const names = [
    'row',
    'rows',
    'bill',
    'api',
    'events',
    'calls',
    'up',
    'params',
    'answer',
    'file',
    'job',
    't',
  ];

  it.each([...createFunctions().values(), ...macros].map(({ name, example }) => [name, example]))(
    '%s has an example that compiles: %s',
    (name, example) => {
      expect(problemsOf(example, dynRoots(...names))).toEqual([]);
      expect(example).toContain(name);
    },
  );
});

describe('typeOfPath', () => {
  it.each([
    [['api', 'status'], { ok: true, type: { is: 'number' } }],
    [['row', 'rows', 0, 'anything'], { ok: true, type: dyn }],
    [['api', 'json', 'a', 3], { ok: true, type: dyn }],
    [['api', 'statsu'], { ok: false, suggestion: 'status' }],
    [['apo'], { ok: false, suggestion: 'api' }],
    [['row', 'rows', 'id'], { ok: false, suggestion: null }],
    [['api', 'status', 'x'], { ok: false, suggestion: null }],
  ])('%j', (segments, expected) => {
    expect(typeOfPath(segments, roots)).toMatchObject(expected);
  });
});
