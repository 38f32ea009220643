import { describe, expect, it } from 'vitest';
import { overBudget } from '../../src/proving/budget.ts';
import type { RunFacts } from '../../src/proving/facts.ts';
import { otherSeed } from '../../src/proving/other-seed.ts';
import { flakesOf, wholeFindings } from '../../src/proving/whole.ts';
import { drawParameters } from '../../src/templates/draw.ts';
import type { ParameterSpec, Template } from '../../src/templates/types.ts';
import { check } from '../support/graded-lab.ts';
import { aRun, aTemplate } from './a-run.ts';

const start = aRun({ name: 'start', kind: 'start' }, { a: 'fail', b: 'blocked/fail' });
const solved = aRun({}, { a: 'pass', b: 'pass' });
const wrong = (a: string, b: string, name = `${a} ${b}`) => aRun({ name, kind: 'wrong', of: name }, { a, b });
const found = (runs: readonly RunFacts[], template: Template = aTemplate()) =>
  wholeFindings(template, runs).map(({ code, check: id }) => `${code} ${id}`);

describe('every check', () => {
  it('is felled by some run by itself, not only through what it needs', () => {
    const only = aRun({ name: 'start', kind: 'start' }, { a: 'fail', b: 'blocked/pass' });
    expect(found([only, solved])).toEqual(['never-felled b']);
    expect(found([start, solved])).toEqual([]);
    expect(found([only, solved, wrong('pass', 'fail')])).toEqual([]);
  });

  it('that guards is felled by a wrong way', () => {
    const guard = aTemplate({ checks: [check('a', 'true', {}, { guard: true }), check('b', 'true', {})] });
    expect(found([start, solved], guard)).toEqual(['never-felled a']);
    expect(found([start, solved, wrong('fail', 'pass')], guard)).toEqual([]);
  });

  it('tells something that no other tells, over six runs', () => {
    const same = ['1', '2', '3'].flatMap((name) => [
      wrong('pass', 'pass', name),
      wrong('fail', 'fail', `-${name}`),
    ]);
    expect(found(same)).toEqual(['same-column b']);
    expect(found(same.slice(0, 5))).toEqual([]);
    expect(found([...same, wrong('pass', 'fail')])).toEqual([]);
    // What is only done again tells nothing new.
    expect(found([...same.slice(0, 5), { ...solved, kind: 'again' }, { ...solved, kind: 'rerun' }])).toEqual(
      [],
    );
  });
});

it('counts how often a check was not what it was in an equal run', () => {
  const again = (name: string, b: string) => aRun({ name, kind: 'repeat', like: 'right' }, { a: 'pass', b });
  expect(flakesOf([solved, again('2', 'pass'), again('3', 'fail')])).toEqual({
    a: { runs: 2, differing: 0 },
    b: { runs: 2, differing: 1 },
  });
});

it('holds a budget of time and of memory, where there is one', () => {
  const test = { budgetSeconds: 60, budgetMemoryMb: 200, rerunSkip: null, mutations: null };
  expect(overBudget(test, { seconds: 60, memoryMb: 200 })).toEqual([]);
  expect(overBudget(test, { seconds: 61, memoryMb: 200 }).map(({ message }) => message)).toEqual([
    'the proof took 61 s, its budget is 60 s',
  ]);
  expect(overBudget(test, { seconds: 1, memoryMb: 240.4 })[0]?.message).toContain('held 240 MB');
  const { budgetMemoryMb: _, ...free } = { ...test, budgetSeconds: null };
  expect(overBudget(free, { seconds: 1e6, memoryMb: 1e6 })).toEqual([]);
});

it('finds other values wherever there are others', () => {
  const redact = false;
  const parameters: Record<string, ParameterSpec> = {
    coin: { redact, draw: 'choice', of: ['heads', 'tails'] },
    side: { redact, draw: 'choice', of: ['left', 'right'] },
    fixed: { redact, draw: 'fixed', value: 1 },
  };
  for (const seed of ['proof', 'x', 'y', 'z']) {
    const [one, other] = [seed, otherSeed({ parameters }, seed)].map((from) =>
      drawParameters(parameters, from, {}),
    );
    expect(other?.coin).not.toBe(one?.coin);
    expect(other?.side).not.toBe(one?.side);
  }
});
