/** Whatever was seen, and however checks depend on each other: the same template gives the same bytes again. */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { gradeLab } from '../../../src/grading/grade.ts';
import { createJudge } from '../../../src/grading/judge/thread.ts';
import { noRecords } from '../../../src/grading/records.ts';
import { sealRecord } from '../../../src/grading/regrade/attempt-record.ts';
import { createLabRegrader } from '../../../src/grading/regrade/regrade-lab.ts';
import type { RegradedAttempt } from '../../../src/grading/regrade/types.ts';
import type { Attempt, CheckProgress, Observation, ObserverKind, Value } from '../../../src/grading/types.ts';
import { openEvidence } from '../../../src/grading/values/evidence.ts';
import type { CheckSpec, TemplateVersion } from '../../../src/templates/types.ts';
import { check, grading, templateOf } from '../../support/graded-lab.ts';
import { testHandle } from '../../support/handle.ts';

const at = new Date('2026-01-02T03:04:05.678Z');
const key = Buffer.alloc(32, 9);
const judge = createJudge();
afterAll(() => judge.close());

const scalar = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ maxLength: 5 }),
  fc.constantFrom<Value>(null, true, false, at, new Uint8Array([0, 255]), 'SECRET'),
);
const value: fc.Arbitrary<Value> = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 3 }),
  fc.record({ n: scalar, rows: fc.array(fc.record({ n: scalar }), { maxLength: 3 }) }),
);
const observation: fc.Arbitrary<Observation> = fc.oneof(
  {
    weight: 4,
    arbitrary: value.map((seen): Observation => ({ outcome: 'seen', value: seen, at, durationMs: 1.5 })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('missing', 'denied', 'slow', 'gap', 'untried', 'backend_down', 'bug').map(
      (problem): Observation => ({
        outcome: 'unseen',
        problem,
        reason: `No: ${problem}.`,
        internal: 'i',
        at,
        durationMs: 0,
      }),
    ),
  },
);

const names = ['own', 'shared'] as const;
const expressions = names.flatMap((name) => [
  `${name} == 1`,
  `${name}.n > 0`,
  `${name}.rows.all(r, r.n == 1)`,
  `size(${name}) == 2`,
  `${name}.rows[0].n == params.word`,
]);

const spec = fc.record({
  that: fc.constantFrom(...expressions),
  partial: fc.option(fc.constantFrom(...expressions), { nil: null }),
  needs: fc.boolean(),
  guard: fc.boolean(),
  sticky: fc.boolean(),
  hint: fc.boolean(),
  waits: fc.constantFrom(null, 'drill', 'never'),
  seen: observation,
});

const situation = fc.record({
  checks: fc.array(spec, { minLength: 1, maxLength: 4 }),
  shared: observation,
  passed: fc.subarray([0, 1, 2, 3]),
  taken: fc.boolean(),
  skipped: fc.boolean(),
});

type Situation = typeof situation extends fc.Arbitrary<infer S> ? S : never;

function templateFor({ checks }: Situation): TemplateVersion {
  const made = checks.map(
    (one, nth): CheckSpec =>
      check(
        `c${nth}`,
        one.that,
        { own: { kind: 'fixed', spec: { key: `c${nth}` } } },
        {
          expect: [
            {
              that: one.that,
              points: 10,
              else: `Own is {{own.n}} and {{shared}} of {{params.word}} at {{events.drill.at}}.`,
              partial: one.partial === null ? [] : [{ that: one.partial, points: 3 }],
            },
          ],
          needs: one.needs && nth > 0 ? [`c${nth - 1}`] : [],
          guard: one.guard,
          sticky: one.sticky,
          hints: one.hint ? [{ text: 'h', penalty: 2 }] : [],
          require: one.waits === null ? null : { event: one.waits },
        },
      ),
  );
  const version = templateOf(made, {
    observations: { shared: { kind: 'fixed', spec: { key: 'shared' } } },
    parameters: { word: { draw: 'choice', of: ['SECRET'], redact: true } },
    grading: { ...templateOf([]).template.grading, deadlineSeconds: 0.25 },
  });
  const [task] = version.template.tasks;
  const tasks = task === undefined ? [] : [{ ...task, skip: { solution: 's', steps: [], penalty: 4 } }];
  return { ...version, template: { ...version.template, tasks } };
}

async function graded(given: Situation, version: TemplateVersion) {
  const seen = new Map(given.checks.map((one, nth) => [`c${nth}`, one.seen]));
  seen.set('shared', given.shared);
  const fixed: ObserverKind = {
    kind: 'fixed',
    spec: z.object({ key: z.string() }),
    resultType: () => ({ is: 'dyn' }),
    components: () => [],
    observe: async (look) => seen.get((look as { key: string }).key) ?? given.shared,
  };
  const progress = given.passed.map(
    (nth): CheckProgress => ({ checkId: `c${nth}`, passedAt: new Date(at.getTime() - 60_000), points: 5 }),
  );
  const facts = {
    progress,
    hintsTaken: given.taken ? { c0: 1 } : {},
    skipped: given.skipped ? ['all'] : [],
    marks: [],
  };
  const { input } = grading(version, testHandle({}), {
    ...facts,
    judge,
    params: { word: 'SECRET' },
    observers: new Map([['fixed', fixed]]),
    evidenceKey: key,
    records: {
      ...noRecords,
      events: { drill: { at, done: at }, never: { at: null, done: null } },
    },
  });
  const outcome = await gradeLab(
    { ...input, version: { ...version, template: { ...version.template, components: {} } } },
    AbortSignal.timeout(60_000),
  );
  return { outcome, record: sealRecord({ ...outcome, ...facts }, key) };
}

async function again(
  given: Situation,
  lose: (address: string, record: string) => boolean = () => false,
): Promise<{ first: string; second: RegradedAttempt | undefined }> {
  const version = templateFor(given);
  const { outcome, record } = await graded(given, version);
  const pieces = new Map([...outcome.evidence, record].map(({ address, bytes }) => [address, bytes]));
  const regrade = createLabRegrader(
    { templateId: 'test', from: null, to: version.hash, labId: null, checkId: null, finals: true },
    {
      store: {
        evidence: async (address) => (lose(address, record.address) ? null : (pieces.get(address) ?? null)),
      },
      templates: { load: async () => version },
      evaluate: (batch) => judge.evaluate(batch, AbortSignal.timeout(60_000)),
      openEvidence: (piece) => openEvidence(piece, key),
      evidenceKey: key,
    },
  );
  const attempt: Attempt = {
    id: 'att-1',
    labId: 'lab-1',
    number: 2,
    final: false,
    state: 'finished',
    templateHash: version.hash,
    requestedAt: at,
    startedAt: at,
    finishedAt: at,
    points: outcome.points,
    maxPoints: outcome.maxPoints,
    penalty: outcome.penalty,
    voidReason: null,
    results: outcome.results,
    record: record.address,
  };
  const [second] = await regrade({ labId: 'lab-1', attempts: [{ attempt, layer: null }], forgotten: [] });
  return { first: JSON.stringify(outcome.results), second };
}

describe('an attempt that is judged again by its own template', () => {
  it('gives the same bytes, whatever was seen', async () => {
    await fc.assert(
      fc.asyncProperty(situation, async (given) => {
        const { first, second } = await again(given);
        expect(second?.kept).toEqual({});
        expect(JSON.stringify(second?.results)).toBe(first);
        expect(second?.changed).toBe(false);
      }),
      { numRuns: 100 },
    );
  }, 180_000);

  it('keeps its verdicts when what was seen is lost, or the record of it', async () => {
    const seen: Observation = { outcome: 'seen', value: 1, at, durationMs: 1 };
    const one = { that: 'own == 1', partial: null, needs: false, guard: false, sticky: false, hint: false };
    const given: Situation = {
      checks: [{ ...one, waits: null, seen }],
      shared: seen,
      passed: [],
      taken: false,
      skipped: false,
    };
    expect((await again(given)).second?.kept).toEqual({});
    const lost = await again(given, (address, record) => address !== record);
    expect(lost.second?.kept).toEqual({ '*': ['what was seen is not kept any more'] });
    expect(JSON.stringify(lost.second?.results)).toBe(lost.first);
    const unknown = await again(given, (address, record) => address === record);
    expect(unknown.second).toMatchObject({ changed: false, points: 10 });
  });
});
