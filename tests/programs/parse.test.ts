import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createVocabulary } from '../../src/compose/language.ts';
import { openTemplates } from '../../src/compose/templates.ts';
import { projectRoot } from '../../src/config.ts';
import { programJsonSchema } from '../../src/programs/schema.ts';
import { createProgramSource } from '../../src/programs/source.ts';
import { formatProblem } from '../../src/templates/problem.ts';
import { lab, load, parse, programsFolder } from './support.ts';

const competencies = `
labwright-competencies: 1
areas:
  - { id: api, title: API, items: [{ id: rest, title: REST, labs: [one] }, { id: auth, title: Auth }] }
`;

const whole = `labwright-program: 1
id: p
title: P
hours: 8
competencies: { file: competencies.yaml }
planned: [three]
levels: { first: { weeks: 1-2, sessions: [1] } }
rubrics: { talk: { criteria: [{ id: clear, points: 10, text: Clear }] } }
quizzes: { q1: { title: Questions } }
skills: { work: { title: Work, checks: { one: "task:a" } } }
sessions:
  - id: 1
    hours: 4
    modules: [one, two, three]
    assessment:
      - { id: picks, weight: 60, checks: { one: [own-tests], "*": "task:*" } }
      - { id: talk, weight: 40, rubric: talk, of: two/report.md }
  - id: 2
    hours: 4
    modules: [two]
    assessment: [{ id: quiz, weight: 100, quiz: q1 }]
certificate:
  components:
    sessions: { weight: 70, of: sessions 1-2 }
    talk: { weight: 30, rubric: talk }
  requires:
    - { attendance: 8h }
    - { passed: [one, talk, 2] }
    - { demonstrated: [work] }
  valid: 1 year
  renewal: { hours: 16, attest: [training] }
`;
const labs = [lab('one', ['api.auth']), lab('two')];
const others = { 'competencies.yaml': competencies };

describe('a program', () => {
  it('is read with its labs looked up, its selections spelled out and its defaults filled in', () => {
    const program = load(whole, labs, others);
    expect(program).toMatchObject({ id: 'p', pass: 85, counts: 'final', reviewBy: null });
    expect(program.labs).toEqual([
      { id: 'one', title: 'Title of one', available: true },
      { id: 'two', title: 'Title of two', available: true },
      { id: 'three', title: 'three', available: false },
    ]);
    expect(program.sessions[0]).toMatchObject({
      id: '1',
      title: 'Session 1',
      attendance: 'optional',
      pass: 85,
    });
    expect(program.sessions[0]?.assessments[0]?.source).toEqual({
      from: 'checks',
      picks: [
        { lab: 'one', words: ['own-tests'] },
        { lab: 'two', words: ['task:*'] },
        { lab: 'three', words: ['task:*'] },
      ],
    });
    expect(program.certificate?.components[0]?.source).toEqual({ from: 'sessions', sessions: ['1', '2'] });
    expect(program.certificate?.renewal?.due).toEqual({ count: 3, unit: 'month' });
    // One lab is named in the file, the other says so itself.
    expect(program.competencies[0]?.items.map((item) => [item.id, item.labs])).toEqual([
      ['api.rest', ['one']],
      ['api.auth', ['one']],
    ]);
  });

  it('takes "*" with a competency for the modules that claim it', () => {
    const text = whole
      .replace('"*": "task:*"', '"*": "competency:api.auth"')
      .replace('{ one: [own-tests], ', '{ two: all, ');
    const [first] = load(text, labs, others).sessions[0]?.assessments ?? [];
    expect(first?.source).toMatchObject({
      picks: [{ lab: 'two' }, { lab: 'one', words: ['competency:api.auth'] }],
    });
  });

  it.each([
    ['hours: 8\n', 'hours: 8\nhuors: 1\n', '5:1 unknown key "huors" in the file; did you mean "hours"?'],
    ['  - id: 2', '  - id: 1', '18:9 the session "1" is there twice'],
    ['weight: 60', 'weight: 50', '16:7 the weights 50 + 40 add up to 90; they must add up to 100'],
    [
      'weight: 60',
      'weight: 0',
      '16:30 sessions[0].assessment[0].weight: too small: expected number to be >0, found 0',
    ],
    ['weight: 70', 'weight: 71.5', '24:5 the weights 71.5 + 30 add up to 101.5; they must add up to 100'],
    [
      'modules: [one, two, three]',
      'modules: [one, tow, three]',
      '14:20 there is no lab "tow"; a lab that is not built yet is named in "planned"',
    ],
    [
      '[one, two, three]',
      '[one, two, elsewhere]',
      '14:25 there is no lab "elsewhere"; a lab that is not built yet is named in "planned"',
    ],
    [
      'one: [own-tests]',
      'one: [own-test]',
      '16:49 lab "one" has no check "own-test"; did you mean "own-tests"?',
    ],
    [
      'one: [own-tests]',
      'one: "!nothing"',
      '16:49 lab "one" has no check "nothing"; it has a1, a2, b1, b2, own-tests',
    ],
    ['one: [own-tests]', 'one: "task:c"', '16:49 lab "one" has no task "c"; did you mean "a"?'],
    [
      'one: [own-tests]',
      'one: "competency:api.ret"',
      '16:49 there is no competency "api.ret"; did you mean "api.rest"?',
    ],
    [
      '"*": "task:*"',
      '"*": "task:a"',
      '16:67 "*": found "task:a"; allowed for several labs: all, task:*, competency:<name>',
    ],
    ['one: [own-tests]', 'one: "Own Tests"', 'expected "all", a check, "!check"'],
    [
      'rubric: talk, of',
      'rubric: tlak, of',
      '17:41 there is no rubric "tlak" in "rubrics"; did you mean "talk"?',
    ],
    [
      'of: two/report.md',
      'of: tow/report.md',
      '17:51 there is no lab "tow"; a lab that is not built yet is named in "planned"',
    ],
    ['of: two/report.md', 'of: two/../x', '17:51 sessions[0].assessment[1].of: expected a path without ".."'],
    ['quiz: q1', 'quiz: q2', '21:49 there is no quiz "q2" in "quizzes"; did you mean "q1"?'],
    [
      'quiz: q1',
      'quiz: q1, labs: modules',
      '21:18 expected exactly one of labs, checks, quiz, rubric; found labs and quiz',
    ],
    [', quiz: q1', '', '21:18 expected exactly one of labs, checks, quiz, rubric; found none'],
    ['quiz: q1', 'quiz: q1, of: two/x', '21:53 "of" says what a rubric is about'],
    ['sessions: [1] }', 'sessions: [3] }', '7:43 there is no session "3"; there are 1, 2; did you mean "1"?'],
    [
      'of: sessions 1-2',
      'of: sessions 1-3',
      '24:33 "1-3" is no session and no range of sessions; there are 1, 2',
    ],
    ['of: sessions 1-2', 'of: sessions 2-1', '24:33 "2-1" is no session and no range of sessions'],
    [
      'of: sessions 1-2',
      'of: sessions 1-2, lab: one',
      '24:15 expected exactly one of of, lab, quiz, rubric; found of and lab',
    ],
    ['attendance: 8h', 'attendance: 9h', '27:21 9 h are asked for, the sessions have 8 h'],
    [
      'attendance: 8h',
      'attendance: eight',
      '27:21 certificate.requires[0].attendance: expected hours such as "32h", found "eight"',
    ],
    [
      'attendance: 8h',
      'attendance: 8h, score: 80',
      '27:7 expected exactly one of attendance, eachAssessment, passed, demonstrated, attested, score; found attendance and score',
    ],
    [
      'passed: [one, talk, 2]',
      'passed: [one, talks]',
      '28:23 "talks" is no lab, component or session; did you mean "talk"?',
    ],
    [
      'demonstrated: [work]',
      'demonstrated: [wrok]',
      '29:24 there is no skill "wrok" in "skills"; did you mean "work"?',
    ],
    ['  valid: 1 year\n', '', '30:3 a certificate without "valid" never ends: there is nothing to renew'],
    [
      'valid: 1 year',
      'valid: a year',
      '30:10 certificate.valid: expected a span such as "30 days", "3 months" or "1 year", found "a year"',
    ],
    [
      '{ hours: 16, attest: [training] }',
      '{}',
      '31:12 a renewal asks for at least one of lab, hours, attest',
    ],
    [
      'competencies.yaml }',
      'competences.yaml }',
      '5:23 there is no file competences.yaml here; found: competencies.yaml',
    ],
    ['id: p', 'id: q', '2:5 the id is "q", the file is called "p.yaml": they must agree'],
    ['labwright-program: 1', 'labwright-program: 2', '1:20 labwright-program: found 2; allowed: 1'],
    [
      '{ one: "task:a" }',
      '{ "*": all }',
      '10:42 "*" stands for the modules of a session: name the labs here',
    ],
    ['planned: [three]', 'planned: three', '6:10 planned: expected a list, found "three"'],
    ['title: P', 'title: P\ntitle: Q', '4:1 the key "title" is written twice here'],
    ['title: P', 'title: {{x}}', '3:8 {{x}} is read by YAML as a map; quote it: "{{x}}"'],
  ])('with %j as %j is refused: %s', (from, to, expected) => {
    expect(whole).toContain(from);
    const { program, problems } = parse(whole.replace(from, to), labs, others);
    const errors = problems.filter((one) => one.severity === 'error').map(formatProblem);
    expect(errors).toContainEqual(expect.stringContaining(expected));
    expect(program).toBeNull();
  });

  it.each([
    ['planned: [three]', 'planned: [three, one]', '6:18 warning: "one" is built: it is not planned any more'],
    ['planned: [three]', 'planned: [three, four]', '6:18 warning: "four" is planned and used nowhere'],
    ['hours: 8', 'hours: 12', '4:8 warning: the sessions have 8 hours together, the program says 12'],
    [
      'quizzes: { q1: { title: Questions } }\n',
      '',
      'warning: the quiz "q1" is not described in "quizzes": its result is a plain percentage',
    ],
    ['', '', '6:1 warning: 1 planned lab counts as nothing until built: three'],
  ])('with %j as %j is warned of: %s', (from, to, expected) => {
    const { program, problems } = parse(whole.replace(from, to), labs, others);
    expect(program).not.toBeNull();
    expect(problems.map(formatProblem)).toContainEqual(expect.stringContaining(expected));
  });

  it('says what is wrong with its competencies in their own file', () => {
    const wrong = competencies.replace('labs: [one]', 'labs: [oen]');
    const { problems } = parse(whole, labs, { 'competencies.yaml': wrong });
    expect(problems.map(formatProblem)).toContainEqual(
      'competencies.yaml:4:68 there is no lab "oen"; a lab that is not built yet is named in "planned"',
    );
  });

  it('never throws, whatever the bytes are', () => {
    for (const text of [
      '',
      '[]',
      '- 1',
      'x',
      '\u0000',
      '{',
      'sessions: 4',
      'certificate: []',
      '__proto__: 1',
      '? [a]\n: 1',
    ]) {
      const { program, problems } = parse(text, labs);
      expect(program).toBeNull();
      expect(problems.length).toBeGreaterThan(0);
    }
  });
});

describe('the programs of the catalogue', () => {
  const templates = openTemplates(join(projectRoot, 'lab-templates', 'labs'), createVocabulary().language);

  it('load without an error, and only what is not built yet is warned of', async () => {
    const all = await createProgramSource(programsFolder, templates).read();
    expect(all.map((one) => one.file)).toEqual([
      'dotmac-onboarding.yaml',
      'thorbis-technical-specialist.yaml',
    ]);
    for (const { program, problems } of all) {
      expect(program).not.toBeNull();
      for (const problem of problems)
        expect(formatProblem(problem)).toMatch(/planned labs count|selects no lab yet/);
    }
  });

  it('onboard with five labs that are there', async () => {
    const all = await createProgramSource(programsFolder, templates).read();
    const onboarding = all.find((one) => one.program?.id === 'dotmac-onboarding')?.program;
    expect(onboarding?.labs.map((one) => [one.id, one.available])).toEqual(
      ['dm-setup', 'dm-api-exploration', 'dm-database-exploration', 'dm-customer-lifecycle', 'dm-kpis'].map(
        (id) => [id, true],
      ),
    );
  });

  it('have a schema for editors that is up to date', () => {
    const kept: unknown = JSON.parse(readFileSync(join(programsFolder, 'program.schema.json'), 'utf8'));
    expect(kept, 'run `labwright program schema > lab-templates/programs/program.schema.json`').toEqual(
      JSON.parse(JSON.stringify(programJsonSchema())),
    );
  });
});

it('is no program without a folder, and a problem with one that cannot be read', async () => {
  const templates = { list: async () => [] };
  expect(await createProgramSource('/nowhere/at/all', templates).read()).toEqual([]);
  const file = join(programsFolder, 'competencies.yaml');
  expect((await createProgramSource(file, templates).read())[0]?.problems[0]?.message).toContain('ENOTDIR');
});
