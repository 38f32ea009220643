import { expect, it } from 'vitest';
import { whileUnchanged } from '../../src/proving/purity.ts';
import { changesBetween } from '../../src/proving/state.ts';

const signal = AbortSignal.timeout(20_000);

/** A lab whose state is these maps, one after the other. */
function lab(...states: Record<string, string>[]) {
  let at = 0;
  const last = states.length - 1;
  return async () => new Map(Object.entries(states[Math.min(at++, last)] ?? {}));
}

const graded = async () => 'graded';

it('sees what was added, removed and changed', () => {
  const before = new Map([
    ['kept', '1'],
    ['changed', '1'],
    ['removed', '1'],
  ]);
  const after = new Map([
    ['kept', '1'],
    ['changed', '2'],
    ['added', '1'],
  ]);
  expect(changesBetween(before, after)).toEqual(['added', 'changed', 'removed']);
});

it('says nothing of what was not seen', () => {
  expect(changesBetween(new Map([['a', null]]), new Map([['a', '1']]))).toEqual([]);
  expect(changesBetween(new Map([['a', '1']]), new Map([['a', null]]))).toEqual([]);
  expect(changesBetween(new Map([['db', null]]), new Map([['db public.t', '1']]))).toEqual([]);
});

it('lets grading pass that changes nothing', async () => {
  expect(await whileUnchanged(lab({ a: '1' }), graded, signal)).toEqual({ graded: 'graded', found: [] });
});

it('names what changes only while it is graded', async () => {
  const { found } = await whileUnchanged(
    lab({ a: '1', b: '1' }, { a: '2', b: '2' }, { a: '2', b: '3' }),
    graded,
    signal,
  );
  expect(found).toEqual([
    { code: 'grading-changes', check: null, message: 'changed while it was graded: a' },
  ]);
});

it('does not blame grading for what changes by itself', async () => {
  const { found } = await whileUnchanged(lab({ a: '1' }, { a: '2' }, { a: '3' }), graded, signal);
  expect(found).toEqual([]);
});
