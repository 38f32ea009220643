/** Small template versions for tests of the core, which looks at nothing but their shape. */
import type { ComponentSpec, ParameterSpec, Template, TemplateVersion } from '../../src/templates/types.ts';

const database: ComponentSpec = {
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
};
const api: ComponentSpec = {
  kind: 'sample-api',
  uses: ['database'],
  custody: 'platform',
  database: 'database',
  variant: 'stock',
  source: null,
  env: {},
};
const workspace: ComponentSpec = { kind: 'shell', uses: [], custody: 'trainee', files: null, tools: [] };

export function versionWith(
  id: string,
  hash: string,
  more: {
    readonly parameters?: Record<string, ParameterSpec>;
    readonly components?: Record<string, ComponentSpec>;
  } = {},
): TemplateVersion {
  const template: Template = {
    labwright: 1,
    id,
    title: id,
    summary: id,
    source: null,
    level: 'foundation',
    competencies: [],
    minutes: 10,
    lifetime: { ttlSeconds: 600, maxSeconds: 1200, warnSeconds: [120, 60] },
    backends: ['process'],
    grading: { deadlineSeconds: 30, onDemandEverySeconds: 0 },
    parameters: more.parameters ?? {},
    components: more.components ?? { database, api, workspace },
    instructions: 'README.md',
    tasks: [],
    questions: [],
    observations: {},
    trials: [],
    watches: [],
    faults: [],
    checks: [],
    solutions: {},
    wrong: [],
    reveal: 'never',
    test: { budgetSeconds: null, rerunSkip: null, mutations: null },
  };
  return { hash, template, files: new Map() };
}
