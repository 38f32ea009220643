/** The app on its real services and a real database; labs are moved by hand where a worker would. */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { deserialize, serialize } from 'node:v8';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createMetricFacts } from '../../src/compose/metric-facts.ts';
import { createExportService } from '../../src/exports/export-service.ts';
import { createAttemptService } from '../../src/grading/attempt-service.ts';
import { createExplainService } from '../../src/grading/explain/explain-service.ts';
import { createJudge } from '../../src/grading/judge/thread.ts';
import { createOperationService } from '../../src/grading/operations/operation-service.ts';
import { createSnapshotService } from '../../src/grading/operations/snapshot-service.ts';
import { createPeopleService } from '../../src/grading/people-service.ts';
import { createRegradeService } from '../../src/grading/regrade/regrade-service.ts';
import type { CheckResult, EvidencePiece } from '../../src/grading/types.ts';
import { openEvidence } from '../../src/grading/values/evidence.ts';
import type { Api } from '../../src/http/api.ts';
import { buildApp } from '../../src/http/app.ts';
import type { AppDeps } from '../../src/http/deps.ts';
import { mintToken } from '../../src/http/token.ts';
import type { Clock } from '../../src/lab/clock.ts';
import { createLabService } from '../../src/lab/lab-service.ts';
import { defaultPolicy } from '../../src/lab/policy.ts';
import type { SandboxDriver } from '../../src/lab/ports.ts';
import { createClassService } from '../../src/lab/releases/class-service.ts';
import { createReleaseService } from '../../src/lab/releases/release-service.ts';
import { servedTemplates } from '../../src/lab/releases/served-templates.ts';
import { findVersion } from '../../src/lab/releases/wanted-version.ts';
import { unknownTemplate } from '../../src/lab/unknown-template.ts';
import { createProgramService } from '../../src/programs/service.ts';
import { createProgramSource } from '../../src/programs/source.ts';
import { createAuditLog } from '../../src/store/audit-log.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createPageCodes } from '../../src/store/page-codes.ts';
import { createPool } from '../../src/store/pool.ts';
import { createPostgresStore } from '../../src/store/postgres-store.ts';
import { createProgramStore } from '../../src/store/program-store.ts';
import { createRegradeStore } from '../../src/store/regrade-store.ts';
import { createReleaseStore } from '../../src/store/release-store.ts';
import { createTemplateStore } from '../../src/store/template-store.ts';
import { createTokenStore } from '../../src/store/token-store.ts';
import { nearest } from '../../src/templates/suggest.ts';
import type { BackendName, TemplateProblems, TemplateVersion } from '../../src/templates/types.ts';
import { createWays } from '../../src/terminal/ways.ts';
import { createMemoryDriver, MemoryBackend } from '../fakes/memory-driver.ts';
import { createMemoryQueue } from '../fakes/memory-queue.ts';
import { startTestPostgres } from '../support/postgres.ts';
import { sampleVersion } from './sample-version.ts';

export type World = Awaited<ReturnType<typeof startWorld>>;

const clock: Clock = { sleep: (ms, signal) => delay(ms, undefined, { signal }) };

/** What the trainee's database would be; no lab of these tests has one. */
const facts = {
  kind: 'postgres',
  host: '127.0.0.1',
  port: 5432,
  database: 'lab',
  trainee: { user: 'ann', password: 'pw-of-the-trainee' },
  checker: { user: 'checker', password: 'pw-of-the-checker' },
  grader: { user: 'grader', password: 'pw-of-the-grader' },
  apiRole: 'api',
} as const;

export async function startWorld(
  options: {
    versions?: readonly TemplateVersion[];
    broken?: readonly TemplateProblems[];
    /** Folder of programs; default: none. */
    programsDir?: string;
    exportsDir?: string;
    deps?: Partial<AppDeps>;
    /** The way to the database, for tests that cut it. */
    through?: (url: string) => Promise<string>;
  } = {},
) {
  const postgres = await startTestPostgres();
  const databaseUrl = await postgres.createDatabase();
  const log = pino({ level: 'silent' });
  await migrate(databaseUrl, log);
  const way = (await options.through?.(databaseUrl)) ?? databaseUrl;
  const pool = createPool({ databaseUrl: way, max: 8, name: 'test' }, log);
  const store = createPostgresStore(pool);
  const tokens = createTokenStore(pool);
  const templateStore = createTemplateStore(pool, { encode: serialize, decode: deserialize });
  const versions = options.versions ?? [sampleVersion()];
  const drafts = {
    list: async () => versions,
    load: async (id: string) => versions.find((one) => one.template.id === id) ?? null,
    problems: async () => options.broken ?? [],
  };
  const releaseStore = createReleaseStore(pool);
  const served = { drafts, releases: releaseStore, templateStore, nearest };
  const templates = servedTemplates(served);
  const queue = createMemoryQueue();
  const driver: SandboxDriver = {
    ...createMemoryDriver({ backend: new MemoryBackend(), now: () => new Date() }),
    access: () => facts,
  };
  let counter = 0;
  const id = (kind: string) => `${kind}-${(++counter).toString().padStart(4, '0')}`;
  const ids = {
    lab: () => id('lab'),
    sandbox: () => id('box'),
    attempt: () => id('att'),
    seed: () => id('seed'),
    help: () => id('help'),
  };
  const drivers = new Map<BackendName, SandboxDriver>([['process', driver]]);
  const labs = createLabService({
    labs: store,
    ...served,
    templates,
    queue,
    drivers,
    policy: defaultPolicy,
    ids,
    defaultBackend: 'process',
    nearest,
  });
  const judge = createJudge();
  const attempts = createAttemptService({
    labs,
    attempts: store,
    people: store,
    operations: store,
    judge,
    queue,
    ids,
    nearest,
  });
  const audit = createAuditLog(pool);
  const people = createPeopleService({
    labs,
    attempts: store,
    people: store,
    ids,
    openEvidence: (piece) => openEvidence(piece),
    nearest,
  });
  const deps: AppDeps = {
    labs,
    attempts,
    people,
    explain: createExplainService({
      labs,
      regrades: createRegradeStore(pool),
      templateStore,
      judge,
      openEvidence: (piece) => openEvidence(piece),
    }),
    regrades: createRegradeService({
      regrades: createRegradeStore(pool),
      templateStore,
      findVersion: (templateId, word) => findVersion(templateId, word, served),
      unknownTemplate: (templateId) => unknownTemplate(templateId, drafts, nearest),
      judge,
      ids: { regrade: () => id('rg') },
      openEvidence: (piece) => openEvidence(piece),
      evidenceKey: null,
    }),
    programs: createProgramService({
      source: createProgramSource(options.programsDir ?? '/nonexistent', templates),
      store: createProgramStore(pool),
      templateStore,
      nearest,
    }),
    operations: createOperationService({
      labs,
      attempts: store,
      operations: store,
      judge,
      queue,
      nearest,
    }),
    exports: createExportService({
      labs,
      operations: store,
      queue,
      folder: options.exportsDir ?? '/nonexistent',
    }),
    snapshots: createSnapshotService({ labs, operations: store, queue, snapshotsPerLab: 2 }),
    releases: createReleaseService(served),
    classes: createClassService({ ...served, classes: releaseStore, templates }),
    templates,
    events: store,
    tokens,
    audit,
    queue,
    backends: [{ name: 'process', isolation: false }],
    probes: [
      { name: 'database', required: true, check: async () => void (await store.now()) },
      { name: 'queue', required: false, check: async () => void (await queue.depth()) },
    ],
    facts: createMetricFacts(pool),
    registry: new Registry(),
    sockets: { ways: createWays(labs, drivers, nearest), codes: createPageCodes(pool) },
    clock,
    now: () => new Date(),
    randomBytes,
    nearest,
    log,
    version: '0.0.0-test',
    ...options.deps,
  };
  const app = await buildApp(deps);

  /** A token of this person, recorded as the CLI would. */
  async function token(
    role: 'trainee' | 'instructor' | 'admin',
    subject: string,
    ttlSeconds: number | null = null,
  ): Promise<string> {
    const { id: tokenId, plain, hash } = mintToken(randomBytes);
    await tokens.create({ id: tokenId, role, subject, name: subject, hash, ttlSeconds });
    return plain;
  }

  /** What a worker does: the lab has a sandbox and serves. */
  async function makeReady(labId: string, params: Record<string, string | number> = {}): Promise<void> {
    const { lab } = await store.getLab(labId);
    if (lab === null) throw new Error(`no lab ${labId}`);
    const { templateId, templateHash, backend } = lab;
    const box = { id: ids.sandbox(), templateId, templateHash, backend, components: ['database'] };
    const provisioning = { phase: 'provisioning' } as const;
    const started = await store.startSandboxForLab(labId, lab.version, box, provisioning, [
      { type: 'lab.provisioning', data: { from: 'scratch' } },
    ]);
    if (started?.lab == null || started.sandbox === null) throw new Error('the sandbox did not start');
    const running = { generation: 1, observed: 'running', servedGeneration: 1, detail: null } as const;
    const change = { state: 'up', components: { database: running } } as const;
    const ready = await store.transition(
      labId,
      started.lab.version,
      {
        phase: 'ready',
        readyAt: started.now,
        params,
        sandbox: { version: started.sandbox.version, change },
      },
      [{ type: 'lab.ready', data: { tookMs: 12 } }],
    );
    if (ready === null) throw new Error('the lab did not get ready');
  }

  /** What a worker does at the end of a lab's life. */
  async function terminate(labId: string): Promise<void> {
    const { lab, now } = await store.getLab(labId);
    if (lab === null) throw new Error(`no lab ${labId}`);
    await store.transition(labId, lab.version, { phase: 'terminated', endedAt: now }, [
      { type: 'lab.terminated', data: { because: lab.endReason } },
    ]);
  }

  /** What a grader does: the open attempt of the lab is finished with these results. */
  async function grade(
    labId: string,
    results: readonly CheckResult[],
    penalty = 0,
    evidence: readonly EvidencePiece[] = [],
  ): Promise<void> {
    const open = (await store.listAttempts(labId)).find((one) => one.state === 'queued');
    const work = open === undefined ? null : await store.startAttempt(open.id, 30);
    if (work === null) throw new Error('there is no open attempt');
    const points = results.reduce((sum, one) => sum + one.points, 0) - penalty;
    await store.finishAttempt(work.attempt.id, work.fence, { points, penalty, results, evidence });
  }

  async function stop(): Promise<void> {
    await app.close();
    await judge.close();
    await pool.end();
    await postgres.stop();
  }

  return { app, audit, deps, store, tokens, pool, postgres, token, makeReady, terminate, grade, stop };
}

/** Requests as one person. */
export function client(app: Api, token: string | null) {
  return async (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH',
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) => {
    const response = await app.inject({
      method,
      url: /^\/(classes|help|labs|me|programs|templates|tokens)\b/.test(path) ? `/api/v1${path}` : path,
      headers: { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...headers },
      ...(body === undefined ? {} : { payload: body as object | string }),
    });
    const isJson = String(response.headers['content-type'] ?? '').includes('json');
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
      // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
      json: (isJson ? JSON.parse(response.body) : null) as any,
    };
  };
}
