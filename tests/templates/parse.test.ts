import { describe, expect, it } from 'vitest';
import { changed, errorLines, errorsOf, fixture, language, parse } from './support.ts';

describe('the example of the language', () => {
  it('loads, with durations in seconds, defaults filled in and points given out', async () => {
    const { template, problems } = language.parseTemplate(
      await fixture('customer-lifecycle'),
      'customer-lifecycle',
    );
    expect(errorsOf(problems)).toEqual([]);
    expect(template).toMatchObject({
      id: 'customer-lifecycle',
      source: { program: 'dotmac', module: 'Onboarding, day 4-5' },
      lifetime: { ttlSeconds: 7200, maxSeconds: 21_600, warnSeconds: [900, 300] },
      grading: { deadlineSeconds: 30, onDemandEverySeconds: 5 },
      parameters: {
        email: { draw: 'email', redact: false },
        monthlyRate: { draw: 'decimal', from: 49, to: 129, step: 5 },
      },
      components: {
        database: {
          kind: 'postgres',
          seed: { files: ['schema.sql', 'data.sql'] },
          traineeRole: 'read-write',
          uses: [],
        },
        api: { kind: 'sample-api', database: 'database', uses: ['database'], variant: 'stock' },
        workspace: { kind: 'shell', files: 'workspace/', tools: ['curl', 'jq'] },
      },
      tasks: [{ id: 'customer', text: 'tasks/1.md' }, { id: 'bill' }],
    });
    const [created, , bill] = template?.checks ?? [];
    expect(created?.expect.map((one) => one.points)).toEqual([6, 4]);
    expect(bill).toMatchObject({ withinSeconds: 10, expect: [{ points: 10 }, { points: 10 }] });
    expect(bill?.observe.api).toEqual({
      kind: 'http',
      spec: expect.objectContaining({ component: 'api', method: 'GET', auth: 'trainee' }),
    });
  });

  it('resolves its solution and its wrong ways', async () => {
    const { template } = parse(await fixture('customer-lifecycle'));
    const steps = template?.solutions['by-api'] ?? [];
    expect(steps.map((step) => [step.id, step.kind, step.save])).toEqual([
      ['create', 'http', { customer: 'json.id' }],
      ['service', 'http', {}],
      ['invoice', 'http', {}],
    ]);
    expect(steps[0]?.spec).not.toHaveProperty('save');
    const [forgot, byHand] = template?.wrong ?? [];
    expect(forgot?.steps.map((step) => step.id)).toEqual(['create', 'service']);
    expect(forgot?.fails).toEqual({ 'invoice-matches': { verdict: 'fail', points: null } });
    expect(byHand?.steps.map((step) => [step.id, step.kind])).toEqual([
      ['create', 'sql'],
      ['service', 'http'],
      ['invoice', 'http'],
    ]);
  });
});

describe('a template with twelve mistakes', () => {
  it('gives twelve problems at once, each at its place, in order', async () => {
    expect(errorLines(await fixture('twelve-mistakes'))).toEqual([
      'lab.yaml:5:1 unknown key "levle" in the template; did you mean "level"?',
      'lab.yaml:7:18 lifetime.ttl is 28800s, more than lifetime.max (21600s)',
      'lab.yaml:8:21 backends[1]: found "podman"; allowed: process, docker, kubernetes',
      'lab.yaml:12:24 nothing can be drawn for "rate": "from" (9) is greater than "to" (1)',
      'lab.yaml:22:5 unknown key "pionts" in checks[0]; did you mean "points"?',
      'lab.yaml:24:71 {{params.email}} is read by YAML as a map; quote it: "{{params.email}}"',
      'lab.yaml:29:13 there is no check "mad"; known: made, counted, told, proved; did you mean "made"?',
      'lab.yaml:31:32 "workspace" is a shell; sql works on postgres',
      expect.stringMatching(/^lab\.yaml:39:39 .*"roww".*did you mean "row"\?$/),
      'lab.yaml:40:29 {{params.token}}: the parameter "token" is secret and may not be shown in messages, titles and hints',
      'lab.yaml:44:12 there is no trial "race"; known: none',
      'lab.yaml:49:61 wrong[0].fails: expected at least one check that falls',
    ]);
  });

  it('gives no template', async () => {
    expect(parse(await fixture('twelve-mistakes')).template).toBeNull();
  });
});

describe('the hard templates', () => {
  it.each([
    ['dm-query-performance', 1],
    ['th-3-3-integrations', 1],
    ['dm-disaster-drill', 0],
  ])('%s loads', async (name, trials) => {
    const { template, problems } = language.parseTemplate(await fixture(name), name);
    expect(errorsOf(problems)).toEqual([]);
    expect(template?.trials.length).toBeGreaterThanOrEqual(trials);
  });
});

describe('parts of the language that are not yet supported', () => {
  it('are refused by name', async () => {
    const files = await changed('customer-lifecycle', ['\nwrong: ', '\nteam: { size: 2 }\nwrong: ']);
    expect(errorsOf(parse(files).problems)).toMatchObject([
      { code: 'unsupported', message: '"team" in the template is not yet supported' },
    ]);
  });
});
