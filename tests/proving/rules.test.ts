import { describe, expect, it } from 'vitest';
import type { RunFacts } from '../../src/proving/facts.ts';
import { findingsOf } from '../../src/proving/rules.ts';
import type { Template } from '../../src/templates/types.ts';
import { check } from '../support/graded-lab.ts';
import { aRun, aTemplate } from './a-run.ts';

const solved = aRun({}, { a: 'pass', b: 'pass' });

/** `code check` of all that is wrong with the run, beside others of its proof. */
function findings(run: RunFacts, others: readonly RunFacts[] = [], template: Template = aTemplate()) {
  return findingsOf(template, run, (name) => others.find((one) => one.name === name)).map(
    ({ code, check: id }) => `${code} ${id ?? '-'}`,
  );
}

describe('the start', () => {
  const at = (found: Record<string, string>, template?: Template) =>
    findings(aRun({ kind: 'start' }, found), [], template);
  const withB = (more: Parameters<typeof check>[3]) =>
    aTemplate({ checks: [check('a', 'true', {}), check('b', 'true', {}, more)] });

  it.each([
    ['fails and is blocked', { a: 'fail', b: 'blocked/fail' }, []],
    ['passes', { a: 'pass', b: 'fail' }, ['passes-at-start a']],
    ['cannot be judged', { a: 'error', b: 'fail' }, ['error-at-start a']],
  ])('%s', (_, found, wrong) => expect(at(found)).toEqual(wrong));

  it('gives no points to what fails', () => {
    const cells = [{ check: 'a', verdict: 'fail', own: 'fail', points: 3, message: null } as const];
    expect(findings(aRun({ kind: 'start', cells }))).toEqual(['passes-at-start a']);
  });

  it('lets a guard pass without points, and what is announced with them', () => {
    const guard = withB({ guard: true });
    expect(at({ a: 'fail', b: 'pass' }, guard)).toEqual(['passes-at-start b']);
    const cells = [{ check: 'b', verdict: 'pass', own: 'pass', points: 0, message: null } as const];
    expect(findings(aRun({ kind: 'start', cells }), [], guard)).toEqual([]);
    expect(at({ a: 'fail', b: 'pass' }, withB({ passesAtStart: 'It is there.' }))).toEqual([]);
  });
});

describe('a solution', () => {
  it('passes every check with all of its points', () => {
    expect(findings(solved)).toEqual([]);
    expect(findings(aRun({}, { a: 'pass', b: 'fail' }))).toEqual(['not-solved b']);
    const cells = solved.cells.map((cell) => ({ ...cell, points: 9 }));
    expect(findings(aRun({ cells }))).toEqual(['not-solved a', 'not-solved b']);
    expect(findings(aRun({}, { a: 'error', b: 'error' }))).toEqual(['grading-errs a', 'grading-errs b']);
  });

  it('does all of its steps', () => {
    const undone = [{ id: 'one', outcome: 'failed', reason: 'permission denied' } as const];
    expect(findings({ ...solved, undone })).toEqual(['step-failed -']);
  });

  it('solves other values too; where it solves none it is not over-fitted', () => {
    const other = aRun({ name: 'right with other values', otherValues: true }, { a: 'pass', b: 'fail' });
    expect(findings(other, [solved])).toEqual(['over-fitted b']);
    expect(findings(other, [aRun({}, { a: 'fail', b: 'blocked' })])).toEqual(['not-solved b']);
  });

  it.each([
    ['again', 'grading-differs b'],
    ['rerun', 'rerun-differs b'],
  ] as const)('is the same %s', (kind, wrong) => {
    const run = (found: Record<string, string>) => aRun({ name: 'x', kind }, found);
    expect(findings(run({ a: 'pass', b: 'pass' }), [solved])).toEqual([]);
    expect(findings(run({ a: 'pass', b: 'fail' }), [solved])).toEqual([wrong]);
  });

  it('is as at the start after a reset', () => {
    const start = aRun({ name: 'right, before it', kind: 'start' }, { a: 'fail', b: 'blocked' });
    const reset = (found: Record<string, string>) => aRun({ name: 'x', kind: 'reset' }, found);
    expect(findings(reset({ a: 'fail', b: 'blocked' }), [start])).toEqual([]);
    expect(findings(reset({ a: 'pass', b: 'blocked' }), [start])).toEqual(['reset-differs a']);
    // That we could not look is no difference that a reset has made.
    expect(findings(reset({ a: 'error', b: 'blocked' }), [start])).toEqual(['grading-errs a']);
    const unseen = aRun({ name: 'right, before it', kind: 'start' }, { a: 'error', b: 'blocked' });
    expect(findings(reset({ a: 'fail', b: 'blocked' }), [unseen])).toEqual([]);
  });

  it('is the same when it is repeated', () => {
    const repeat = aRun({ name: 'x', kind: 'repeat', like: 'right' }, { a: 'pass', b: 'fail' });
    expect(findings(repeat, [solved])).toEqual(['flaky b']);
    expect(findings({ ...repeat, cells: solved.cells }, [solved])).toEqual([]);
  });
});

describe('a wrong way', () => {
  const way = (found: Record<string, string>) => findings(aRun({ kind: 'wrong', of: 'wrong-b' }, found));

  it.each([
    [{ a: 'pass', b: 'fail' }, []],
    [{ a: 'pass', b: 'pass' }, ['wrong-differs b']],
    [{ a: 'fail', b: 'blocked' }, ['wrong-differs a', 'wrong-differs b']],
    [{ a: 'pass', b: 'blocked' }, ['wrong-differs b']],
  ])('fells exactly what it names: %o', (found, wrong) => expect(way(found)).toEqual(wrong));
});

describe('a step that is left out', () => {
  const without = (found: Record<string, string>) =>
    findings(aRun({ kind: 'mutation', dropped: 'two' }, found));

  it('is missed by a check', () => {
    expect(without({ a: 'pass', b: 'fail' })).toEqual([]);
    expect(without({ a: 'pass', b: 'pass' })).toEqual(['idle-step -']);
    expect(without({ a: 'pass', b: 'error' })).toEqual(['grading-errs b']);
  });
});

it('says of a run that could not be graded only what happened', () => {
  const found = [{ code: 'lab-fails', check: null, message: 'no lab' } as const];
  expect(findings(aRun({ cells: [], found }))).toEqual(['lab-fails -']);
});
