/** A check that is kept back is told by nothing else: no dependant, no guard, no sum, no event. */
import { describe, expect, it } from 'vitest';
import { viewAttempt } from '../../src/grading/attempt-view.ts';
import { keptBack } from '../../src/grading/kept-back.ts';
import { noJudgements } from '../../src/grading/people.ts';
import { viewProgress } from '../../src/grading/progress-view.ts';
import type { Attempt, CheckResult, Verdict } from '../../src/grading/types.ts';
import { eventData } from '../../src/http/event-view.ts';
import type { Lab } from '../../src/lab/lab.ts';
import type { CheckSpec } from '../../src/templates/types.ts';
import { sampleVersion } from '../http/sample-version.ts';

const [pattern] = sampleVersion().template.checks;
if (pattern === undefined) throw new Error('the sample has checks');
const check = (id: string, more: Partial<CheckSpec> = {}): CheckSpec => ({
  ...pattern,
  id,
  title: id,
  points: 5,
  hints: [],
  ...more,
});
const { template } = sampleVersion({
  tasks: [
    {
      id: 'one',
      title: 'One',
      text: null,
      checks: ['open', 'secret', 'after', 'last'],
      opens: null,
      checkpoint: false,
      skip: null,
    },
    {
      id: 'two',
      title: 'Two',
      text: null,
      checks: ['secret', 'guard'],
      opens: null,
      checkpoint: false,
      skip: null,
    },
  ],
  checks: [
    check('open', { hints: [{ text: 'h', penalty: 1 }] }),
    check('secret', { visible: 'titleOnly', hints: [{ text: 'h', penalty: 2 }] }),
    check('after', { needs: ['secret'] }),
    check('last', { needs: ['after'] }),
    check('guard', { guard: true }),
  ],
});

const trainee = { role: 'trainee', subject: 'ann' } as const;
const instructor = { role: 'instructor', subject: 'teacher' } as const;

function result(checkId: string, verdict: Verdict, takenOff = 0): CheckResult {
  const points = verdict === 'pass' ? 5 : 0;
  return {
    checkId,
    verdict,
    points: points - takenOff,
    maxPoints: 5,
    message: verdict === 'blocked' ? 'First: secret' : null,
    internal: null,
    expectations: [{ met: points > 0, points }],
    evidence: {},
    durationMs: 1,
  };
}

function attempt(secret: 'pass' | 'fail', final = false): Attempt {
  const passed = secret === 'pass';
  const results = [
    result('open', 'pass', 1),
    result('secret', secret, passed ? 2 : 0),
    result('after', passed ? 'pass' : 'blocked'),
    result('last', passed ? 'pass' : 'blocked'),
    passed ? result('guard', 'pass') : { ...result('guard', 'pass'), points: 0 },
  ];
  const at = new Date(0);
  return {
    id: 'att-1',
    labId: 'lab-1',
    number: 1,
    final,
    state: 'finished',
    templateHash: 'h',
    requestedAt: at,
    startedAt: at,
    finishedAt: at,
    points: results.reduce((sum, one) => sum + one.points, 0),
    maxPoints: 25,
    penalty: passed ? 3 : 1,
    voidReason: null,
    results,
  };
}

describe('a check that is kept back', () => {
  it('takes those that need it, and the guards that score by it, with it', () => {
    expect([...keptBack(template)].sort()).toEqual(['after', 'guard', 'last', 'secret']);
  });

  it('leaves an attempt the same to its trainee, whether it passed or not', () => {
    const seen = viewAttempt(attempt('pass'), template, trainee, noJudgements);
    expect(viewAttempt(attempt('fail'), template, trainee, noJudgements)).toEqual(seen);
    expect(seen).toMatchObject({ points: 4, maxPoints: 5, penalty: 1, hiddenChecks: 4 });
  });

  it('leaves the progress the same, whether it passed or not', () => {
    const progress = (secret: 'pass' | 'fail') =>
      viewProgress({
        lab: { id: 'lab-1' } as Lab,
        template,
        caller: trainee,
        attempts: [attempt(secret)],
        passed: attempt(secret)
          .results.filter(({ verdict }) => verdict === 'pass')
          .map(({ checkId, points }) => ({ checkId, points, passedAt: new Date(0) })),
        hints: { open: 1, secret: 1 },
        answers: {},
        scope: {},
        judgements: noJudgements,
        operations: [],
        history: { earlier: [], due: null, now: new Date() },
        open: new Set(),
      });
    expect(progress('fail')).toEqual(progress('pass'));
  });

  it('leaves the events the same, whether it passed or not', () => {
    const told = (secret: 'pass' | 'fail') => {
      const { results, points, maxPoints, penalty } = attempt(secret);
      const judged = results.map(({ checkId, verdict, points }) => ({
        type: 'check.judged' as const,
        data: { attempt: 1, check: checkId, verdict, points },
      }));
      const finished = {
        type: 'attempt.finished' as const,
        data: { attempt: 1, final: false, points, maxPoints, penalty },
      };
      return [...judged, finished].map((event) =>
        eventData({ ...event, labId: 'lab-1', seq: 1, at: new Date(0) }, template, trainee),
      );
    };
    expect(told('fail')).toEqual(told('pass'));
  });

  it('is told to instructors, and to all once it is handed in', () => {
    const [, secret] = viewAttempt(attempt('fail'), template, instructor, noJudgements).results;
    expect(secret).toMatchObject({ verdict: 'fail', points: 0 });
    const final = viewAttempt(attempt('fail', true), template, trainee, noJudgements);
    expect(final).toMatchObject({ hiddenChecks: 0, penalty: 1 });
    expect(final.results.map((one) => one.verdict)).toEqual(['pass', 'fail', 'blocked', 'blocked', 'pass']);
    expect(final.results[2]?.message).toBe('First: secret');
  });
});
