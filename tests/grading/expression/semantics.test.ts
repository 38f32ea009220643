import { describe, expect, it } from 'vitest';
import type { Scope } from '../../../src/grading/types.ts';
import { evaluate } from './run.ts';

const at = (seconds: number): Date => new Date(Date.UTC(2025, 0, 1, 0, 0, seconds));

const scope: Scope = {
  row: {
    rows: [
      { id: '1', n: 3, s: 'x', at: at(1), none: null, ok: true },
      { id: '2', n: 4, s: 'y', at: at(4), none: 1, ok: false },
    ],
  },
  empty: { rows: [] },
  status: 200,
  p95: 12.5,
  list: [1, 2],
  type: 'a name that CEL has too',
  odd: JSON.parse('{"constructor": 2, "__proto__": 3, "hasOwnProperty": 4}'),
  params: { rate: 0.1 + 0.2, email: 'a@example.org', seconds: 60 },
  bytes: new Uint8Array([97, 98]),
  mixed: [1, 'a', null],
};

describe('numbers', () => {
  it.each([
    'status == 200',
    'status != 201',
    'p95 * 3 <= 37.5',
    'p95 * 3 == 37.5 && 3 * p95 == 37.5',
    '7 / 2 == 3.5',
    'row.rows.size() / 4 == 0.5',
    'size(row.rows) - 1 == 1',
    '7 % 4 == 3 && 7.5 % 2 == 1.5',
    '-status < 0 && -(1 - 3) == 2',
    'row.rows.size() == 2 && row.rows.size() < 2.5',
    'row.rows[0].n + 1 >= 2',
    'int(p95) == 12 && double("12.5") == p95',
    '"abc".indexOf("c") + 1 == 3',
    '0x10 == 16 && 1e3 == 1000',
  ])('%s', (source) => {
    expect(evaluate(source, scope)).toEqual({ kind: 'value', value: true });
  });

  it.each([
    ['params.rate == 0.3', true],
    ['params.rate != 0.3', false],
    ['params.rate in [0.1, 0.3]', true],
    ['[params.rate] == [0.3]', true],
    ['{"a": [params.rate]} == {"a": [0.3]}', true],
    ['params.rate == 0.30000001', false],
    ['0.0 == 0.0000000001', false],
    ['double("inf") == double("inf")', true],
    ['double("inf") == double("-inf")', false],
    ['double("nan") == double("nan")', false],
    ['0.0 == -0.0', true],
  ])('%s is %s: equality of doubles allows 1e-9 relative', (source, value) => {
    expect(evaluate(source, scope)).toEqual({ kind: 'value', value });
  });
});

describe('lists, maps and paths', () => {
  it.each([
    'list[0] == 1 && list[row.rows.size() - 1] == 2',
    '"a,b".split(",")[status - 199] == "b"',
    '[10, 20][list[0]] == 20',
    'row.rows[list[0] - 1].id == "1"',
    'row.rows.map(r, r.id) == ["1", "2"]',
    'row.rows.map(r, r.n > 3, r.s) == ["y"]',
    'row.rows.filter(r, r.n == 3).map(r, r.s) == ["x"]',
    'row.rows.exists(r, r.id == "2") && !row.rows.all(r, r.ok)',
    'row.rows.exists_one(r, r.n == 3)',
    'row.rows[0] == row.rows[0] && row.rows[0] != row.rows[1]',
    'list + [3] == [1, 2, 3]',
    '"x" in {"x": 1} && !("y" in {"x": 1})',
    '"id" in row.rows[0]',
    'odd.constructor == 2 && odd["__proto__"] == 3 && odd.hasOwnProperty == 4',
    '!has(odd.toString)',
    'odd != {"a": 1}',
    'has(row.rows) && !has(row.nope)',
    'has(row.rows) ? true : false',
    'row.?nope.orValue(3) == 3 && row.?rows.orValue([]).size() == 2',
    'row.?nope.?deeper.orValue(1) == 1',
    '!row.rows[?9].hasValue() && row.rows[?status - 200].hasValue()',
    'type == "a name that CEL has too"',
    'bytes == bytes("ab") && bytes.size() == 2',
    'row.rows[0].none == null && row.rows[1].none != null',
    'mixed == [1, "a", null] && "a" in mixed && null in mixed',
    '(row.rows[0].ok ? 1 : null) == 1',
    'empty.rows.all(r, r.nope)',
    'list != ["1", "2"] && status != "200" && list != null',
    '[1, "a", list].size() == 3',
  ])('%s', (source) => {
    expect(evaluate(source, scope)).toEqual({ kind: 'value', value: true });
  });
});

describe('time', () => {
  it.each([
    'row.rows[1].at - row.rows[0].at == duration("3s")',
    'row.rows[1].at > row.rows[0].at',
    'timestamp(row.rows[0].at) == row.rows[0].at',
    'timestamp("2025-01-01T00:00:01Z") == row.rows[0].at',
    'timestamp(0) == timestamp("1970-01-01T00:00:00Z")',
    'row.rows[0].at + duration("3s") == row.rows[1].at',
    'seconds(row.rows[1].at - row.rows[0].at) <= params.seconds',
    '(row.rows[0].at - row.rows[1].at).seconds() == -3',
    'duration(string(int(params.seconds)) + "s") >= row.rows[1].at - row.rows[0].at',
    'seconds(duration("1h250ms")) == 3600.25',
    'row.rows[0].at.getFullYear() == 2025',
    'row.rows.map(r, r.at) == [row.rows[0].at, row.rows[1].at]',
  ])('%s', (source) => {
    expect(evaluate(source, scope)).toEqual({ kind: 'value', value: true });
  });
});

describe('added functions', () => {
  it.each([
    'sum([1, 2, 3]) == 6 && [1, 2, 3].sum() == 6 && sum([]) == 0',
    'row.rows.map(r, r.n).avg() == 3.5',
    'max([1, 3, 2]) == 3 && [1, 3, 2].min() == 1',
    'max(row.rows.map(r, r.at)) == row.rows[1].at',
    'min(["b", "a"]) == "a"',
    'sort([3, 1, 2]) == [1, 2, 3] && ["b", "a"].sort() == ["a", "b"]',
    'p50([4, 1, 3, 2]) == 2 && [5].p50() == 5',
    'p95([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) == 10 && p95([1, 2]) * 2 == 4',
    'gaps(row.rows.map(r, r.at)) == [3]',
    '[5, 1, 2].gaps() == [1, 3] && gaps([1]) == []',
    'distinct([1, 2, 1]) == [1, 2] && [[1], [1]].distinct().size() == 1',
    'like(params.email, "@example[.]org$") && !params.email.like("^b")',
  ])('%s', (source) => {
    expect(evaluate(source, scope)).toEqual({ kind: 'value', value: true });
  });
});

describe('what the data breaks is a reason and no crash', () => {
  it.each([
    ['row.rows[0].missing == 1', 'there is no "missing" in what was seen'],
    ['row.rows[7].id == "1"', 'item 7 was looked for in a list of 2'],
    ['row.rows[-1].id == "1"', 'item -1 was looked for, and items count from 0'],
    ['row.rows[0].none > 3', 'null and a number do not go together with ">"'],
    ['row.rows[0].s > 3', 'text and a number do not go together with ">"'],
    ['row.rows[0].s + 1 == 4', 'text and a number do not go together with "+"'],
    ['status.all(x, x > 1)', 'what was seen is not a list'],
    ['status.startsWith("2")', '"startsWith" does not work on what was seen'],
    ['row.rows', 'what was seen is neither true nor false'],
    ['row.rows[0].n && true', 'a value is neither true nor false'],
    ['sum(mixed) == 1', '"sum" needs numbers, and found text'],
    ['avg(empty.rows) == 1', '"avg" of an empty list is nothing'],
    ['max(row.rows) == 1', '"max" cannot order objects'],
    ['sort(mixed) == []', '"sort" needs items of one kind, and found numbers and text and null'],
    ['status in status', '"in" needs a list or a map on its right'],
    ['timestamp(type) == timestamp(0)', 'a timestamp is not in ISO 8601'],
    ['row.?nope.value() == 1', 'an optional value is not there'],
    ['like(type, params.email + "(")', '"like" was given a pattern that is none'],
  ])('%s: %s', (source, message) => {
    expect(evaluate(source, scope)).toMatchObject({ kind: 'threw', message });
  });

  it('decides where the rest decides, as CEL does', () => {
    expect(evaluate('row.nope == 1 || status == 200', scope)).toEqual({ kind: 'value', value: true });
    expect(evaluate('row.nope == 1 && status == 1', scope)).toEqual({ kind: 'value', value: false });
    expect(evaluate('row.rows.exists(r, r.none > 0)', scope)).toEqual({ kind: 'value', value: true });
  });
});
