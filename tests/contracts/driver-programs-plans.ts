/** The lab that the driver contract's part about programs makes: one of each kind. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { ComponentPort, SandboxDriver, SandboxPlan } from '../../src/lab/ports.ts';
import type { ComponentSpec, Json, TemplateVersion } from '../../src/templates/types.ts';
import { versionWith } from '../support/versions.ts';
import { plainDatabase } from './driver-contract-plans.ts';

/** Answers with its own text and with what it was told. */
const program = (text: string) => `
import { createServer } from 'node:http';
const text: string = ${JSON.stringify(text)};
const since = \`\${process.pid} \${Date.now()}\`;
createServer((request, answer) => {
  if (request.url === '/env') return answer.end(JSON.stringify(process.env));
  if (request.url === '/since') return answer.end(since);
  if (request.url === '/grow') { globalThis.kept = Buffer.alloc(400 * 1024 * 1024, 1); return answer.end('grown'); }
  answer.end(text);
}).listen(Number(process.env.PORT), process.env.HOST, () => console.log('it listens'));
`;

const files = {
  'workspace/notes.txt': 'start\n',
  'workspace/mine/main.ts': program('one'),
  'workspace/mine/other.ts': 'export const other = 1;\n',
  'workspace/api/modules/hello.ts': 'export const hello = 1;\n',
  'programs/clock/main.ts': program('of the template'),
  'partner.yaml': `
routes:
  - method: POST
    path: /charges
    effect: { key: "{{request.json.order}}" }
    answer: { status: 201, json: { id: "{{id}}", client: "{{params.client}}", caller: "{{access.mine.url}}" } }
`,
  'load.yaml': 'requests: [{ path: /load }]\n',
};

const service = {
  kind: 'service',
  uses: [],
  custody: 'platform',
  image: null,
  command: ['node', 'main.ts'],
  source: null,
  files: 'programs/clock/',
  port: 9000,
  ready: { by: 'http', path: '/' },
  env: {},
} as const satisfies ComponentSpec;

const components = {
  database: {
    kind: 'postgres',
    uses: [],
    custody: 'platform',
    seed: { generator: 'sample-api', scale: 'S', number: 1 },
    traineeRole: 'read-write',
    ...plainDatabase,
  },
  workspace: { kind: 'shell', uses: [], custody: 'trainee', files: 'workspace/', tools: [] },
  api: {
    kind: 'sample-api',
    uses: ['database'],
    custody: 'trainee',
    database: 'database',
    variant: 'stock',
    source: { shell: 'workspace', path: 'api', reload: 'on-save', editable: ['modules/**'] },
    env: {},
  },
  mine: {
    ...service,
    custody: 'trainee',
    uses: ['database', 'cache'],
    source: { shell: 'workspace', path: 'mine', reload: 'on-save', editable: ['main.ts'] },
    files: null,
    env: { CLIENT: '{{params.client}}', WHO: 'the lab', PARTNER: '{{access.partner.url}}' },
  },
  clock: { ...service, ready: { by: 'log', line: 'it listens' } },
  greedy: { ...service, limits: { memoryMb: 200 } },
  cache: { kind: 'redis', uses: [], custody: 'platform' },
  partner: {
    kind: 'stub',
    uses: [],
    custody: 'platform',
    file: 'partner.yaml',
    mood: 'calm',
    trainee: ['mood'],
  },
  load: {
    kind: 'traffic',
    uses: ['clock'],
    custody: 'platform',
    target: 'clock',
    file: 'load.yaml',
    rate: 20,
  },
} as const satisfies Record<string, ComponentSpec>;

export type ProgramName = keyof typeof components;

/** @param names the components that are wanted. */
export function programsVersion(...names: readonly ProgramName[]): TemplateVersion {
  const wanted = Object.fromEntries(names.map((name) => [name, components[name]]));
  const encoded = Object.entries(files).map(
    ([name, text]) => [name, new TextEncoder().encode(text)] as const,
  );
  const version = versionWith('programs', `hash-${names.join('-')}`, { components: wanted });
  return { ...version, files: new Map(encoded) };
}

export async function ensureEach(
  driver: SandboxDriver,
  plan: SandboxPlan,
  signal: AbortSignal,
): Promise<void> {
  for (const component of Object.keys(plan.components)) await driver.ensure(plan, component, signal);
}

export function urlOf(driver: SandboxDriver, plan: SandboxPlan, component: string): string {
  const access = driver.access(plan, component);
  if (!('url' in access)) throw new Error(`${component} has no URL`);
  return access.url;
}

export interface Asked {
  readonly path?: string;
  /** Sent as JSON, by POST. */
  readonly json?: Json;
  readonly port?: ComponentPort;
  readonly token?: string;
  readonly withinMs?: number;
}

/** A request over the way that graders come by: a lab's ports may be reached by nobody else. */
export async function answerOf(
  driver: SandboxDriver,
  plan: SandboxPlan,
  component: string,
  { path = '/', json, port, token, withinMs = 10_000 }: Asked = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const signal = AbortSignal.timeout(withinMs);
  const stream = await driver.dial(plan, component, signal, port);
  stream.on('error', () => {});
  try {
    const asked = request({
      method: json === undefined ? 'GET' : 'POST',
      path,
      headers: {
        host: component,
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      createConnection: () => stream,
      signal,
    });
    asked.on('error', () => {});
    asked.end(json === undefined ? undefined : JSON.stringify(json));
    const [answer] = (await once(asked, 'response', { signal })) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    return { status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() };
  } finally {
    stream.destroy();
  }
}

export const replyOf = program;
