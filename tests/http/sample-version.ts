/** One small template with every kind of check, question and hint; its secrets are words that tests look for. */
import type { CheckResult, Verdict } from '../../src/grading/types.ts';
import type { CheckSpec, Template, TemplateVersion } from '../../src/templates/types.ts';

/** Words that no trainee may ever read. */
export const secretWords = [
  'SOLUTION-TEXT',
  'QUERY-TEXT',
  'INTERNAL-TEXT',
  'EVIDENCE-ADDRESS',
  'EXPRESSION-TEXT',
  'SECRET-PARAM',
];

function check(id: string, points: number, more: Partial<CheckSpec> = {}): CheckSpec {
  return {
    id,
    title: `Title of ${id}`,
    points,
    trial: null,
    require: null,
    rubric: null,
    observe: { row: { kind: 'sql', spec: { component: 'database', query: 'QUERY-TEXT' } } },
    expect: [{ that: 'EXPRESSION-TEXT', points, else: 'It is not so.', partial: [] }],
    needs: [],
    withinSeconds: null,
    sticky: false,
    visible: 'always',
    guard: false,
    passesAtStart: null,
    hints: [],
    ...more,
  };
}

export function sampleVersion(more: Partial<Template> = {}): TemplateVersion {
  const text = (content: string) => new TextEncoder().encode(content);
  const template: Template = {
    labwright: 1,
    id: 'first-steps',
    title: 'First steps',
    summary: 'Create a customer.',
    source: null,
    level: 'foundation',
    competencies: ['api.rest'],
    minutes: 20,
    lifetime: { ttlSeconds: 3600, maxSeconds: 7200, warnSeconds: [300] },
    backends: ['process'],
    grading: { deadlineSeconds: 30, onDemandEverySeconds: 0 },
    parameters: {
      email: { draw: 'email', redact: false },
      key: { draw: 'secret', length: 8, redact: true },
    },
    components: {
      database: {
        kind: 'postgres',
        uses: [],
        custody: 'platform',
        seed: { generator: 'sample-api', scale: 'S', number: 1 },
        traineeRole: 'read-write',
        grants: [],
        statementStats: null,
        overlay: [],
        extensions: [],
        replicaOf: null,
        archive: false,
      },
    },
    instructions: 'README.md',
    tasks: [
      {
        id: 'one',
        title: 'Do it',
        text: 'tasks/1.md',
        checks: ['open', 'title-only'],
        opens: null,
        checkpoint: false,
        skip: null,
      },
      {
        id: 'two',
        title: 'Hand it in',
        text: null,
        checks: ['after-submit'],
        opens: null,
        checkpoint: false,
        skip: null,
      },
    ],
    questions: [
      {
        id: 'colour',
        kind: 'choice',
        ask: 'Which colour?',
        options: ['red', 'blue'],
        multiple: false,
        normalise: [],
      },
      {
        id: 'why',
        kind: 'text',
        ask: 'Why, {{params.email}}?',
        options: [],
        multiple: false,
        normalise: ['trim', 'lower', 'collapse'],
      },
      { id: 'many', kind: 'number', ask: 'How many?', options: [], multiple: false, normalise: [] },
    ],
    observations: {},
    checks: [
      check('open', 10, {
        hints: [
          { text: 'Look at {{params.email}}.', penalty: 0 },
          { text: 'Second hint.', penalty: 3 },
        ],
      }),
      check('title-only', 5, { visible: 'titleOnly' }),
      check('after-submit', 7, { visible: 'afterSubmit' }),
    ],
    solutions: {
      right: [{ id: 's', kind: 'sql', spec: { statement: 'SOLUTION-TEXT' }, save: {}, allowIdle: null }],
    },
    wrong: [],
    trials: [],
    watches: [],
    faults: [],
    reveal: 'never',
    test: { budgetSeconds: null, rerunSkip: null, mutations: null },
    ...more,
  };
  return {
    hash: `hash-of-${template.id}`,
    template,
    files: new Map([
      ['lab.yaml', text('SOLUTION-TEXT')],
      ['README.md', text('Mail {{params.email}} at {{access.database.host}} key {{params.key}}')],
      ['tasks/1.md', text('Connect to {{access.database.url}}')],
      ['solution/s.sql', text('SOLUTION-TEXT')],
    ]),
  };
}

/** A result as a grader records it. */
export function result(checkId: string, verdict: Verdict, points: number, maxPoints: number): CheckResult {
  return {
    checkId,
    verdict,
    points,
    maxPoints,
    message: verdict === 'pass' ? null : `Message of ${checkId}`,
    internal: 'INTERNAL-TEXT',
    expectations: [{ met: verdict === 'pass', points }],
    evidence: { row: 'EVIDENCE-ADDRESS' },
    durationMs: 3,
  };
}
