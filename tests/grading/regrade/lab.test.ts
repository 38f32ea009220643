import { afterAll, describe, expect, it } from 'vitest';
import { createJudge } from '../../../src/grading/judge/thread.ts';
import { sealRecord } from '../../../src/grading/regrade/attempt-record.ts';
import { createLabRegrader } from '../../../src/grading/regrade/regrade-lab.ts';
import type { Attempt, CheckResult, EvidencePiece } from '../../../src/grading/types.ts';
import { openEvidence, sealEvidence } from '../../../src/grading/values/evidence.ts';
import { check, sqlLook, templateOf } from '../../support/graded-lab.ts';

const judge = createJudge();
afterAll(() => judge.close());

const pieces = new Map<string, Uint8Array>();
const keep = (piece: EvidencePiece): string => {
  pieces.set(piece.address, piece.bytes);
  return piece.address;
};
const time = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));

const expecting = (that: string) => check('one', that, { n: sqlLook('select 1') }, { sticky: true });
const wrong = { ...templateOf([expecting('n == 2')]), hash: 'wrong' };
const right = { ...templateOf([expecting('n == 1')]), hash: 'right' };

/** An attempt that saw `n`, judged by the wrong template. */
function attempt(number: number, n: number, more: Partial<Attempt> = {}): Attempt {
  const met = n === 2;
  const address = keep(sealEvidence(n));
  const result: CheckResult = {
    checkId: 'one',
    verdict: met ? 'pass' : 'fail',
    points: met ? 10 : 0,
    maxPoints: 10,
    message: met ? null : 'Not so: one.',
    internal: null,
    expectations: [{ met, points: met ? 10 : 0 }],
    evidence: { n: address },
    durationMs: 1,
  };
  const [spec = expecting('n == 2')] = wrong.template.checks;
  const seen = { outcome: 'seen', value: n, at: time(number), durationMs: 1 } as const;
  const basis = { check: spec, observations: { n: seen }, scope: {}, secrets: [] };
  const record = sealRecord(
    {
      scope: { params: {}, access: {}, events: {} },
      hintsTaken: {},
      skipped: [],
      progress: [],
      marks: [],
      judged: [{ result, basis }],
    },
    null,
  );
  return {
    id: `att-${number}`,
    labId: 'lab-1',
    number,
    final: false,
    state: 'finished',
    templateHash: 'wrong',
    requestedAt: time(number * 10),
    startedAt: time(number * 10),
    finishedAt: time(number * 10 + 1),
    points: result.points,
    maxPoints: 10,
    penalty: 0,
    voidReason: null,
    results: [result],
    record: keep(record),
    ...more,
  };
}

async function regraded(attempts: readonly Attempt[], forgotten: readonly Date[] = [], finals = false) {
  const wish = { templateId: 'test', from: null, to: 'right', labId: null, checkId: null, finals };
  const regrade = createLabRegrader(wish, {
    store: { evidence: async (address) => pieces.get(address) ?? null },
    templates: { load: async (hash) => [wrong, right].find((one) => one.hash === hash) ?? null },
    evaluate: (batch) => judge.evaluate(batch, AbortSignal.timeout(60_000)),
    openEvidence: (piece) => openEvidence(piece),
    evidenceKey: null,
  });
  const subjects = attempts.map((one) => ({ attempt: one, layer: null }));
  return regrade({ labId: 'lab-1', attempts: subjects, forgotten });
}

const verdicts = (found: Awaited<ReturnType<typeof regraded>>) =>
  found.map(({ results }) => results[0]?.verdict);

describe('the attempts of a lab, judged again', () => {
  it('hold what an earlier one passes now', async () => {
    const found = await regraded([attempt(1, 1), attempt(2, 3)]);
    expect(verdicts(found)).toEqual(['pass', 'pass']);
    expect(found[1]?.results[0]?.passedBefore).toBe(true);
  });

  it('hold nothing that was forgotten between them', async () => {
    expect(verdicts(await regraded([attempt(1, 1), attempt(2, 3)], [time(15)]))).toEqual(['pass', 'fail']);
  });

  it('hold nothing that only changes for one that was handed in, unless that is asked for', async () => {
    const attempts = [attempt(1, 1, { final: true }), attempt(2, 3)];
    expect(verdicts(await regraded(attempts))).toEqual(['pass', 'fail']);
    expect(verdicts(await regraded(attempts, [], true))).toEqual(['pass', 'pass']);
  });

  it('are left alone where no record was kept, or their version does not give what was recorded', async () => {
    const old = await regraded([attempt(1, 1, { record: null })]);
    expect(old).toMatchObject([
      { changed: false, kept: { '*': ['it was graded before records were kept of what it was judged on'] } },
    ]);
    const { results } = attempt(1, 2);
    const unlike = await regraded([attempt(1, 1, { results, points: 10 })]);
    expect(unlike).toMatchObject([{ changed: false, points: 10 }]);
    expect(unlike[0]?.kept['*']?.[0]).toContain('does not give what was recorded of "one"');
  });
});
