import { describe, expect, it } from 'vitest';
import { inTurn, jobsOf, runNames, runsAlone } from '../../src/proving/jobs.ts';
import { check } from '../support/graded-lab.ts';
import { aTemplate, step } from './a-run.ts';

const names = (template = aTemplate(), choice: Partial<Parameters<typeof jobsOf>[1]> = {}) =>
  jobsOf(template, { runs: 1, only: null, ...choice }).map(({ name }) => name);

describe('the runs of a template', () => {
  it('are its solutions, its wrong ways, solutions with other values, and each step left out', () => {
    expect(names()).toEqual([
      'right',
      'wrong-b',
      'right with other values',
      'right without one',
      'right without two',
    ]);
  });

  it('leave out no wait, no step that may be idle, and none that the template does not name', () => {
    const steps = [step('one'), step('rest', { kind: 'wait' }), step('spare', { allowIdle: 'why' })];
    const template = aTemplate({ solutions: { right: steps } });
    expect(names(template).filter((name) => name.includes('without'))).toEqual(['right without one']);
    const named = { budgetSeconds: null, rerunSkip: null, mutations: ['two'] };
    const all = names(aTemplate({ test: named })).filter((name) => name.includes('without'));
    expect(all).toEqual(['right without two']);
  });

  it('repeat solutions and wrong ways, and say what each must be equal to', () => {
    const repeats = jobsOf(aTemplate(), { runs: 3, only: null }).filter(({ like }) => like !== null);
    expect(repeats.map(({ name, like }) => [name, like])).toEqual([
      ['right, run 2', 'right'],
      ['wrong-b, run 2', 'wrong-b'],
      ['right, run 3', 'right'],
      ['wrong-b, run 3', 'wrong-b'],
    ]);
  });

  it('have names of their own, also where a wrong way is called like a solution', () => {
    const [wrong] = aTemplate().wrong;
    const template = aTemplate({ wrong: wrong === undefined ? [] : [{ ...wrong, id: 'right' }] });
    const all = jobsOf(template, { runs: 2, only: null }).flatMap(runNames);
    expect(new Set(all).size).toBe(all.length);
  });

  it('can be one, by the name of any line of the matrix', () => {
    expect(names(aTemplate(), { only: 'right without two' })).toEqual(['right without two']);
    expect(names(aTemplate(), { only: 'right, done twice' })).toEqual(['right']);
    expect(names(aTemplate(), { only: 'other' })).toEqual([]);
  });

  it('leave mutations to the end, in an order that differs by day', () => {
    const solutions = { right: 'abcdefgh'.split('').map((id) => step(id)) };
    const jobs = jobsOf(aTemplate({ solutions }), { runs: 1, only: null });
    const on = (day: string) => inTurn(jobs, 'test', day).map(({ name }) => name);
    expect(on('monday').slice(0, 3)).toEqual(['right', 'wrong-b', 'right with other values']);
    expect(on('monday')).toEqual(on('monday'));
    expect(on('monday')).not.toEqual(on('tuesday'));
    expect([...on('monday')].sort()).toEqual([...on('tuesday')].sort());
  });

  it('go alone where times are compared', () => {
    expect(runsAlone(aTemplate())).toBe(false);
    const one = check('fast', 'speed.p95 < 10.0', {});
    const expectation = { that: 'speed.p95 < 10.0', points: 10, else: 'Slow.', partial: [], noise: 0.2 };
    expect(runsAlone(aTemplate({ checks: [{ ...one, expect: [expectation] }] }))).toBe(true);
  });
});
