import { describe, expect, it } from 'vitest';
import { itemsOf } from '../../src/programs/items.ts';
import { reaches, rounded } from '../../src/programs/percent.ts';
import { progressOf } from '../../src/programs/progress.ts';
import type { Fact, LabResult } from '../../src/programs/record.ts';
import type { Program } from '../../src/programs/types.ts';
import { fact, handIn, lab, load, now, record, thorbis } from './support.ts';

/** Everything that the program asks for, each at so many percent. */
function everything(program: Program, percent: number): { facts: Fact[]; results: LabResult[] } {
  return {
    facts: [
      ...program.sessions.map((session) => fact('attendance', session.id, { hours: 4 })),
      ...itemsOf(program, 'quiz').map((item) => fact('quiz', item, { percent })),
      ...itemsOf(program, 'mark').map((item) => fact('mark', item, { percent })),
      ...itemsOf(program, 'attestation')
        .filter((item) => program.skills.some((skill) => skill.id === item))
        .map((item) => fact('attestation', item)),
    ],
    results: program.labs
      .filter((one) => one.id !== 'th-annual-skills')
      .map((one) => handIn(one.id, percent)),
  };
}

const of = (program: Program, facts: readonly Fact[], results: readonly LabResult[], at = now) =>
  progressOf(program, record(facts, results), at);

const unmet = (progress: ReturnType<typeof of>) =>
  (progress.certificate?.gates ?? []).filter((gate) => !gate.met).map((gate) => gate.gate);

describe('the certificate of the catalogue', () => {
  const program = thorbis();

  it('is earned with exactly 85 in each assessment', () => {
    const { facts, results } = everything(program, 85);
    const progress = of(program, facts, results);
    expect(unmet(progress)).toEqual([]);
    expect(progress.sessions.every((session) => session.passed)).toBe(true);
    expect(progress.certificate?.percent).toBeCloseTo(85, 9);
    expect(progress.certificate?.validity).toMatchObject({
      state: 'valid',
      earnedAt: new Date('2026-01-06T10:00:00Z'),
    });
    expect(progress.levels.map((level) => level.reached)).toEqual([true, true, true]);
    expect(progress.competencies.map((area) => area.items.filter((item) => item.shown).length)).toEqual([
      5, 5, 5, 5, 5,
    ]);
    expect(progress.sessions.flatMap((session) => session.missing)).toEqual([]);
  });

  it('is not earned by a sum that one assessment misses', () => {
    const { facts, results } = everything(program, 100);
    const low = [...facts, fact('mark', '1/discussion', { percent: 84.99 })];
    const progress = of(program, low, results);
    expect(progress.certificate?.percent).toBeGreaterThan(99);
    expect(progress.sessions[0]?.percent).toBeGreaterThan(96);
    expect(progress.sessions[0]).toMatchObject({
      passed: false,
      missing: ['Technical discussion: 84.99 % of the 85 % that pass'],
    });
    expect(unmet(progress)).toEqual(['eachAssessment']);
    expect(progress.certificate?.gates[1]?.missing).toEqual(['session 1, Technical discussion: 84.99 %']);
    expect(progress.certificate?.validity).toEqual({ state: 'not yet' });
    expect(progress.levels.map((level) => level.reached)).toEqual([false, false, false]);
  });

  it.each([
    ['the interview', (one: Fact) => one.item === 'interview', null, 'passed'],
    ['the demonstration', null, 'th-cert-demonstration', 'passed'],
    ['a skill', (one: Fact) => one.item === 'deployment-automation', null, 'demonstrated'],
    ['a session', (one: Fact) => one.kind === 'attendance' && one.item === '5', null, 'attendance'],
  ] as const)('is not earned without %s, however good the rest is', (_, isFact, labId, gate) => {
    const { facts, results } = everything(program, 100);
    const progress = of(
      program,
      facts.filter((one) => isFact === null || !isFact(one)),
      results.filter((one) => one.lab !== labId),
    );
    expect(unmet(progress)).toEqual([gate]);
    expect(progress.certificate?.validity).toEqual({ state: 'not yet' });
  });

  it('wants all 32 hours: 31 are not enough, and more in one session make up for none', () => {
    const { facts, results } = everything(program, 90);
    const rest = facts.filter((one) => one.kind !== 'attendance' || !['3', '4'].includes(one.item));
    const short = [...rest, fact('attendance', '3', { hours: 3 }), fact('attendance', '4', { hours: 8 })];
    const progress = of(program, short, results);
    expect(progress.attendance).toEqual({ hours: 31, of: 32 });
    expect(progress.sessions[2]).toMatchObject({ passed: false, missing: ['attended 3 of 4 h'] });
    expect(progress.certificate?.gates[0]).toMatchObject({
      met: false,
      missing: ['31 of 32 h: hours are missing of session 3'],
    });
    const later = [...short, fact('attendance', '3', { hours: 1, on: '2026-01-20' })];
    const whole = of(program, later, results);
    expect(whole.certificate?.validity).toMatchObject({ earnedAt: new Date('2026-01-20T00:00:00Z') });
  });

  it('lets a waiver stand in, with its reason, at the mark that passes', () => {
    const { facts, results } = everything(program, 95);
    const without = facts.filter((one) => one.item !== '1/discussion' && one.item !== '5/documentation');
    const waived = [
      ...without.filter((one) => !(one.kind === 'attendance' && one.item === '2')),
      fact('waiver', 'assessment:1/discussion', { comment: 'Taught it before.' }),
      fact('waiver', 'assessment:5/documentation', { comment: 'By the board.' }),
      fact('waiver', 'attendance:2', { comment: 'Ill, caught up.' }),
    ];
    const progress = of(program, waived, results);
    expect(unmet(progress)).toEqual([]);
    expect(progress.sessions[0]?.assessments[2]).toMatchObject({
      percent: 85,
      passed: true,
      waived: 'Taught it before.',
    });
    expect(progress.sessions[1]?.attendance).toMatchObject({
      hours: 4,
      met: true,
      waived: 'Ill, caught up.',
    });
    expect(progress.sessions[0]?.percent).toBeCloseTo(0.8 * 95 + 0.2 * 85, 9);
    // Who did better than just pass keeps that.
    const better = of(
      program,
      [...facts, fact('waiver', 'assessment:1/discussion', { comment: 'x' })],
      results,
    );
    expect(better.sessions[0]?.assessments[2]?.percent).toBe(95);
    // Withdrawn, it counts no more.
    const again = [...waived, fact('waiver', 'assessment:1/discussion', { withdrawn: true })];
    expect(of(program, again, results).sessions[0]?.assessments[2]).toMatchObject({
      percent: null,
      waived: null,
    });
  });

  it('shows a skill by all points of the checks that show it, or by somebody who saw it', () => {
    const { facts, results } = everything(program, 90);
    const without = facts.filter((one) => one.item !== 'api-integration');
    expect(unmet(of(program, without, results))).toEqual(['demonstrated']);
    expect(unmet(of(program, without, [...results, handIn('th-3-3-integrations', 100)]))).toEqual([]);
  });

  it('forgets what was withdrawn, of every kind', () => {
    const { facts, results } = everything(program, 90);
    for (const kind of ['attendance', 'quiz', 'mark', 'attestation'] as const) {
      const one = facts.find((each) => each.kind === kind);
      if (one === undefined) throw new Error(`there is no ${kind}`);
      const withdrawn = [...facts, { ...one, id: '999999', withdrawn: true }];
      expect({ kind, gates: unmet(of(program, withdrawn, results)).length }).toEqual({ kind, gates: 1 });
    }
  });

  it('shows no skill by which no lab is named', () => {
    const { facts, results } = everything(program, 100);
    const [area, ...rest] = program.competencies;
    if (area === undefined) throw new Error('there is an area');
    const items = area.items.map((item, at) => (at === 0 ? { ...item, labs: [] } : item));
    const bare = { ...program, competencies: [{ ...area, items }, ...rest] };
    const [first, second] = of(bare, facts, results).competencies[0]?.items ?? [];
    expect([first?.shown, second?.shown]).toEqual([false, true]);
  });

  it('counts a session 8 as the capstone, and the mean of the others as the assessments', () => {
    const { facts, results } = everything(program, 90);
    const capstone = [
      ...results.filter((one) => one.lab !== 'th-8-3-capstone'),
      handIn('th-8-3-capstone', 100),
    ];
    const score = of(program, facts, capstone).certificate;
    expect(
      score?.components.map((one) => [one.id, one.weight, Math.round((one.percent ?? 0) * 100) / 100]),
    ).toEqual([
      ['assessments', 40, 90],
      ['capstone', 35, 97],
      ['interview', 15, 90],
      ['demonstration', 10, 90],
    ]);
    expect(score?.percent).toBeCloseTo(36 + 33.95 + 13.5 + 9, 9);
  });

  it('takes certain checks of a lab for one assessment and others for another', () => {
    const { facts, results } = everything(program, 100);
    const others = results.filter((one) => one.lab !== 'th-3-3-integrations');
    const progress = of(program, facts, [
      ...others,
      handIn('th-3-3-integrations', { 'own-tests': 50, a1: 80 }),
    ]);
    expect(progress.sessions[2]?.assessments.map((one) => one.percent)).toEqual([100, 97.5, 50]);
    // What is in no task is no part of all tasks.
    const rest = [
      ...results.filter((one) => one.lab !== 'th-3-1-rest'),
      handIn('th-3-1-rest', { 'own-tests': 0 }),
    ];
    expect(of(program, facts, rest).sessions[2]?.assessments[0]?.percent).toBe(100);
  });

  it('says of labs that are not there yet that they are not, and passes nobody by them', () => {
    const soon = { ...program, labs: program.labs.map((one) => ({ ...one, available: false })) };
    const progress = of(soon, [], []);
    expect(progress.sessions[3]?.assessments[2]).toMatchObject({
      percent: null,
      passed: false,
      missing: ['th-4-3-pwa is not available yet'],
    });
    expect(progress.sessions[3]?.modules[0]).toMatchObject({ available: false, passed: false });
  });
});

describe('a renewal', () => {
  const program = thorbis();
  const { facts, results } = everything(program, 90);
  const earned = '2026-01-06T10:00:00Z';
  const renewed = (on: string, hours = 16) => [
    fact('attendance', 'renewal', { hours, on }),
    ...['technology-update-training', 'continued-experience', 'professional-development'].map((item) =>
      fact('attestation', item, { on }),
    ),
  ];
  const state = (more: readonly Fact[], labs: readonly LabResult[], at: string) =>
    of(program, [...facts, ...more], [...results, ...labs], new Date(at)).certificate?.validity;

  it.each([
    ['valid', '2026-10-06T09:59:59Z'],
    ['renewal due', '2026-10-06T10:00:00Z'],
    ['renewal due', '2027-01-06T09:59:59Z'],
    ['expired', '2027-01-06T10:00:00Z'],
  ])('leaves a certificate %s at %s', (expected, at) => {
    expect(state([], [], at)).toMatchObject({
      state: expected,
      earnedAt: new Date(earned),
      until: new Date('2027-01-06T10:00:00Z'),
    });
  });

  it('in time adds a year to what is left', () => {
    const done = state(
      renewed('2026-11-01'),
      [handIn('th-annual-skills', 85, '2026-11-02T08:00:00Z')],
      '2027-06-01T00:00:00Z',
    );
    expect(done).toMatchObject({
      state: 'valid',
      renewedAt: new Date('2026-11-02T08:00:00Z'),
      until: new Date('2028-01-06T10:00:00Z'),
    });
  });

  it('too late counts from when it was whole', () => {
    const done = state(
      renewed('2027-03-01'),
      [handIn('th-annual-skills', 85, '2027-02-01T08:00:00Z')],
      '2027-06-01T00:00:00Z',
    );
    expect(done).toMatchObject({ state: 'valid', until: new Date('2028-03-01T00:00:00Z') });
  });

  it('is needed each year anew', () => {
    const labs = [
      handIn('th-annual-skills', 85, '2026-11-02T08:00:00Z'),
      handIn('th-annual-skills', 90, '2027-11-02T08:00:00Z'),
    ];
    const twice = state([...renewed('2026-11-01'), ...renewed('2027-11-01')], labs, '2028-06-01T00:00:00Z');
    expect(twice).toMatchObject({ state: 'valid', until: new Date('2029-01-06T10:00:00Z') });
    const once = state(renewed('2026-11-01'), labs, '2028-06-01T00:00:00Z');
    expect(once).toMatchObject({ state: 'expired', missing: expect.arrayContaining(['0 of 16 h']) });
  });

  it.each([
    ['15 of 16 hours', renewed('2026-11-01', 15), 85, ['15 of 16 h']],
    ['a failed assessment', renewed('2026-11-01'), 84, ['th-annual-skills is not passed']],
    [
      'an attestation too few',
      renewed('2026-11-01').slice(0, -1),
      85,
      ['professional-development is not attested'],
    ],
    ['what was done before it was earned', renewed('2025-11-01'), 85, ['0 of 16 h']],
  ])('does not happen with %s', (_, more, percent, missing) => {
    const done = state(
      more,
      [handIn('th-annual-skills', percent, '2026-11-02T08:00:00Z')],
      '2026-12-01T00:00:00Z',
    );
    expect(done).toMatchObject({
      state: 'renewal due',
      renewedAt: null,
      missing: expect.arrayContaining(missing),
    });
  });

  it('takes no assessment from before the certificate', () => {
    const early = [handIn('th-annual-skills', 100, '2026-01-02T08:00:00Z')];
    expect(state(renewed('2026-11-01'), early, '2026-12-01T00:00:00Z')).toMatchObject({
      renewedAt: null,
      missing: ['th-annual-skills is not passed'],
    });
  });

  it('is not brought about by doing an old lab once more', () => {
    const again = state([], [handIn('th-8-3-capstone', 90, '2026-12-01T00:00:00Z')], '2027-02-01T00:00:00Z');
    expect(again).toMatchObject({ state: 'expired', earnedAt: new Date(earned) });
  });
});

describe('what counts of a lab', () => {
  const text = (counts: string) => `
labwright-program: 1
id: p
title: P
hours: 0
counts: ${counts}
sessions: [{ id: 1, modules: [one], assessment: [{ id: a, weight: 100, labs: modules }] }]
certificate: { components: { all: { weight: 100, of: session 1 } }, requires: [{ eachAssessment: 85 }] }
`;
  const attempts = [
    handIn('one', 60, '2026-01-06T10:00:00Z'),
    handIn('one', 95, '2026-01-07T10:00:00Z', false),
    handIn('one', 90, '2026-01-08T10:00:00Z'),
    handIn('one', 70, '2026-01-09T10:00:00Z'),
  ];

  it.each([
    ['final', 90, '2026-01-08T10:00:00Z'],
    ['best', 95, '2026-01-07T10:00:00Z'],
    // A worse hand-in later replaces the better one, and takes no certificate away.
    ['latest', 70, '2026-01-08T10:00:00Z'],
  ])('is by "%s" %d', (counts, percent, earnedAt) => {
    const progress = of(load(text(counts), [lab('one')]), [], attempts);
    expect(progress.sessions[0]?.percent).toBeCloseTo(percent, 9);
    expect(progress.certificate?.validity).toMatchObject({
      state: 'valid',
      earnedAt: new Date(earnedAt),
      until: null,
    });
  });

  it('ends a certificate that a correction shows was never earned', () => {
    const program = load(text('final').replace('labs: modules', 'rubric: talk'), [lab('one')]);
    const given = fact('mark', '1/a', { percent: 90 });
    expect(of(program, [given], []).certificate?.validity.state).toBe('valid');
    const corrected = [given, fact('mark', '1/a', { percent: 60 })];
    expect(of(program, corrected, []).certificate?.validity.state).toBe('not yet');
    // On another day it is another talk, and the better one counts.
    const again = [given, fact('mark', '1/a', { percent: 60, on: '2026-01-09' })];
    expect(of(program, again, []).certificate?.validity.state).toBe('valid');
  });
});

describe('percentages', () => {
  it.each([
    [84.996, 84.99, false],
    [84.9999999999, 85, true],
    [85, 85, true],
    [(17 / 20) * 100, 85, true],
    [(0.1 + 0.2) * 100, 30, false],
    [99.999, 99.99, true],
  ])(
    '%d is shown as %d: rounded down, so that it never reads as more than it is',
    (percent, shown, passes) => {
      expect(rounded(percent)).toBe(shown);
      expect(reaches(percent, 85)).toBe(passes);
    },
  );
});
