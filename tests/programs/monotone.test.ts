/** Whoever does more, and passes it, never stands worse. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { itemsOf } from '../../src/programs/items.ts';
import { progressOf, type TraineeProgress } from '../../src/programs/progress.ts';
import type { Fact, LabResult } from '../../src/programs/record.ts';
import { fact, handIn, now, record, thorbis } from './support.ts';

const program = thorbis();
const day = fc.integer({ min: 1, max: 28 }).map((at) => `2026-01-${String(at).padStart(2, '0')}`);
const percent = fc.integer({ min: 0, max: 1000 }).map((tenths) => tenths / 10);

const anyFact: fc.Arbitrary<Fact> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...itemsOf(program, 'attendance')), fc.integer({ min: 0, max: 5 }), day)
    .map(([item, hours, on]) => fact('attendance', item, { hours, on })),
  ...(['quiz', 'mark'] as const).map((kind) =>
    fc
      .tuple(fc.constantFrom(...itemsOf(program, kind)), percent, day)
      .map(([item, given, on]) => fact(kind, item, { percent: given, on })),
  ),
  fc
    .tuple(fc.constantFrom(...itemsOf(program, 'attestation')), day)
    .map(([item, on]) => fact('attestation', item, { on })),
  fc
    .tuple(fc.constantFrom(...itemsOf(program, 'waiver')), day)
    .map(([item, on]) => fact('waiver', item, { comment: 'a reason', on })),
);

const anyResult: fc.Arbitrary<LabResult> = fc
  .tuple(fc.constantFrom(...program.labs.map((one) => one.id)), percent, day, fc.boolean())
  .map(([id, given, on, final]) => handIn(id, given, `${on}T10:00:00Z`, final));

/** Passing, and about a day of its own, so that it corrects nothing. */
const passing: fc.Arbitrary<{ readonly fact?: Fact; readonly result?: LabResult }> = fc.oneof(
  fc.tuple(anyFact, fc.integer({ min: 85, max: 100 })).map(([one, given]) => ({
    fact: { ...one, on: '2026-01-30', ...(one.percent === null ? {} : { percent: given }) },
  })),
  fc
    .tuple(fc.constantFrom(...program.labs.map((one) => one.id)), fc.integer({ min: 85, max: 100 }))
    .map(([id, given]) => ({ result: handIn(id, given, '2026-01-30T10:00:00Z') })),
);

/** Every number and every yes of a progress, in one order. */
function heights(progress: TraineeProgress): readonly number[] {
  const { certificate } = progress;
  const standing = (one: { readonly percent: number | null; readonly passed: boolean }) => [
    one.percent ?? 0,
    Number(one.passed),
  ];
  return [
    progress.attendance.hours,
    ...progress.sessions.flatMap((one) => [
      ...standing(one),
      ...one.assessments.flatMap(standing),
      ...one.modules.flatMap(standing),
    ]),
    ...progress.levels.flatMap((one) => [Number(one.reached), one.passed]),
    ...progress.competencies.flatMap((one) => [
      one.percent,
      ...one.items.flatMap((item) => [item.percent, Number(item.shown)]),
    ]),
    certificate?.percent ?? 0,
    ...(certificate?.components ?? []).flatMap(standing),
    ...(certificate?.gates ?? []).map((gate) => Number(gate.met)),
    Number(certificate?.validity.state !== 'not yet'),
  ];
}

describe.each(['final', 'best'] as const)('where the %s counts', (counts) => {
  it('more that is passed never lowers anything', () => {
    fc.assert(
      fc.property(
        fc.array(anyFact, { maxLength: 40 }),
        fc.array(anyResult, { maxLength: 40 }),
        passing,
        (facts, results, more) => {
          const own = { ...program, counts };
          const before = heights(progressOf(own, record(facts, results), now));
          const after = heights(
            progressOf(
              own,
              record(
                more.fact === undefined ? facts : [...facts, more.fact],
                more.result === undefined ? results : [...results, more.result],
              ),
              now,
            ),
          );
          for (const [at, height] of before.entries())
            expect(after[at]).toBeGreaterThanOrEqual(height - 1e-9);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('the day on which a certificate was earned is the first on which nothing was missing', () => {
    const whole = [
      ...itemsOf(program, 'attendance').map((item) => fact('attendance', item, { hours: 4 })),
      ...(['quiz', 'mark'] as const).flatMap((kind) =>
        itemsOf(program, kind).map((item) => fact(kind, item, { percent: 90 })),
      ),
      ...itemsOf(program, 'attestation').map((item) => fact('attestation', item)),
    ];
    const labs = program.labs.map((one) => handIn(one.id, 90));
    fc.assert(
      fc.property(
        fc.array(day, { minLength: whole.length + labs.length, maxLength: whole.length + labs.length }),
        (days) => {
          const facts = whole.map((one, at) => ({ ...one, on: days[at] ?? one.on }));
          const results = labs.map((one, at) => ({
            ...one,
            at: new Date(`${days[whole.length + at]}T10:00:00Z`),
          }));
          const own = { ...program, counts };
          const validity = progressOf(own, record(facts, results), now).certificate?.validity;
          if (validity === undefined || validity.state === 'not yet') throw new Error('it is earned');
          const asOf = (time: Date) =>
            progressOf(
              own,
              record(
                facts.filter((one) => new Date(`${one.on}T00:00:00Z`) <= time),
                results.filter((one) => one.at <= time),
              ),
              now,
            ).certificate?.gates.every((gate) => gate.met);
          expect(asOf(validity.earnedAt)).toBe(true);
          expect(asOf(new Date(validity.earnedAt.getTime() - 1))).toBe(false);
        },
      ),
      { numRuns: 50 },
    );
  });
});
