import { expect, it } from 'vitest';
import { compared } from '../../../src/grading/explain/compared.ts';

const scope = { a: { n: 3, rows: [{ n: 1 }, { n: 2 }], name: 'é' }, params: { want: 4 } };
const sides = (source: string) => compared(source, scope).map(({ left, right }) => [left.value, right.value]);

it('gives the values of paths, literals and sizes on both sides', () => {
  expect(sides('a.n == 4')).toEqual([[3, 4]]);
  expect(sides('a.n >= params.want')).toEqual([[3, 4]]);
  expect(sides('a.rows.size() == 2')).toEqual([[2, 2]]);
  expect(sides('size(a.name) == 1')).toEqual([[1, 1]]);
  expect(sides('a.rows[1].n != 2.5')).toEqual([[2, 2.5]]);
});

it('splits what is joined by && and ||', () => {
  expect(sides('a.n == 3 && (a.name == "x" || a.n < 1)')).toEqual([
    [3, 3],
    ['é', 'x'],
    [3, 1],
  ]);
});

it('works nothing out', () => {
  expect(sides('a.rows.map(r, r.n) == [1, 2]')).toEqual([[undefined, undefined]]);
  expect(sides('a.missing == 1')).toEqual([[undefined, 1]]);
  expect(sides('a.rows.exists(r, r.n == 1)')).toEqual([]);
  expect(sides('this is no expression')).toEqual([]);
});
