/** A template made in code and what it is graded with, for tests of grading. */
import { actionKinds } from '../../src/actions/registry.ts';
import type { GradeInput } from '../../src/grading/grade.ts';
import { createJudge } from '../../src/grading/judge/thread.ts';
import { noRecords } from '../../src/grading/records.ts';
import type { SandboxHandle } from '../../src/grading/types.ts';
import type { Log } from '../../src/lab/log.ts';
import { observerKinds } from '../../src/observers/registry.ts';
import { drawParameters } from '../../src/templates/draw.ts';
import type {
  CheckSpec,
  ComponentSpec,
  LookSpec,
  Template,
  TemplateVersion,
} from '../../src/templates/types.ts';

/** A look as an author writes it, parsed as the template's loader does. */
export function lookSpec(kind: string, spec: object): LookSpec {
  return { kind, spec: observerKinds().get(kind)?.spec.parse(spec) as LookSpec['spec'] };
}

export const sqlLook = (query: string, more: object = {}): LookSpec =>
  lookSpec('sql', { component: 'database', query, ...more });
export const httpLook = (path: string, more: object = {}): LookSpec =>
  lookSpec('http', { component: 'api', path, ...more });

/** A check of one expectation worth 10 points, unless `more` says otherwise. */
export function check(
  id: string,
  that: string,
  observe: Record<string, LookSpec>,
  more: Partial<CheckSpec> = {},
): CheckSpec {
  return {
    id,
    title: `Title of ${id}`,
    points: 10,
    trial: null,
    require: null,
    rubric: null,
    observe,
    expect: [{ that, points: 10, else: `Not so: ${id}.`, partial: [] }],
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

const base = { uses: [], custody: 'platform' } as const;
const components: Record<string, ComponentSpec> = {
  database: {
    ...base,
    kind: 'postgres',
    seed: { files: [] },
    traineeRole: 'read-write',
    grants: [],
    statementStats: null,
    overlay: [],
    extensions: [],
    replicaOf: null,
    archive: false,
  },
  api: { ...base, kind: 'sample-api', database: 'database', variant: 'stock', source: null, env: {} },
  workspace: { ...base, kind: 'shell', files: null, tools: [] },
};

export function templateOf(checks: readonly CheckSpec[], more: Partial<Template> = {}): TemplateVersion {
  const template: Template = {
    labwright: 1,
    id: 'test',
    title: 'Test',
    summary: 'Test',
    source: null,
    level: 'foundation',
    competencies: [],
    minutes: 1,
    lifetime: { ttlSeconds: 3600, maxSeconds: 3600, warnSeconds: [] },
    backends: ['process'],
    grading: { deadlineSeconds: 20, onDemandEverySeconds: 1 },
    parameters: {},
    components,
    instructions: 'README.md',
    tasks: [
      {
        id: 'all',
        title: 'All',
        text: null,
        checks: checks.map(({ id }) => id),
        opens: null,
        checkpoint: false,
        skip: null,
      },
    ],
    questions: [],
    observations: {},
    trials: [],
    watches: [],
    faults: [],
    checks,
    solutions: {},
    wrong: [],
    reveal: 'never',
    test: { budgetSeconds: null, rerunSkip: null, mutations: null },
    ...more,
  };
  return { hash: 'hash', template, files: new Map() };
}

export const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Close `judge` afterwards. */
export function grading(version: TemplateVersion, sandbox: SandboxHandle, more: Partial<GradeInput> = {}) {
  const judge = createJudge();
  const input: GradeInput = {
    version,
    params: {},
    answers: {},
    hintsTaken: {},
    progress: [],
    marks: [],
    skipped: [],
    sandbox,
    whyDown: async () => null,
    records: noRecords,
    observers: observerKinds(),
    actions: actionKinds(),
    judge,
    forks: null,
    draw: drawParameters,
    seed: 'seed',
    fence: 1,
    log: quiet,
    evidenceKey: null,
    ...more,
  };
  return { input, judge };
}
