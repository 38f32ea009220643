/** A real process driver on the test run's cluster, and what its sandboxes are made of. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { ensureOsUsers } from '../../src/embedded/os-user.ts';
import { stageRuntime } from '../../src/embedded/runtime.ts';
import { createFiller } from '../../src/grading/values/fill.ts';
import { labelVariable } from '../../src/sandbox/labels.ts';
import { createNaming } from '../../src/sandbox/naming.ts';
import { createProcessDriver, type ProcessDriver } from '../../src/sandbox/process/process-driver.ts';
import { createSecrets } from '../../src/sandbox/secrets.ts';
import { startTestPostgres, type TestPostgres } from './postgres.ts';

export interface TestDriver {
  readonly driver: ProcessDriver;
  readonly dataDir: string;
  readonly installationId: string;
  readonly labsUrl: string;
  /** Databases, roles, folders and processes of this installation. */
  count(): Promise<Readonly<Record<string, number>>>;
  /** A second driver beside this one; the caller closes it. */
  another(): Promise<ProcessDriver>;
  /** A second driver of the same installation, as the next start would make. */
  again(): Promise<ProcessDriver>;
  /** Destroys all sandboxes, drops the template databases, removes the folder. */
  stop(): Promise<void>;
}

/** @param server where its databases are; without one, the test run's cluster. Stopped with the driver. */
export async function startTestDriver(server?: Pick<TestPostgres, 'adminUrl' | 'stop'>): Promise<TestDriver> {
  const postgres = server ?? (await startTestPostgres());
  const dataDir = mkdtempSync(join(tmpdir(), 'labwright-driver-'));
  chmodSync(dataDir, 0o755);
  const installationId = `test-${randomBytes(8).toString('hex')}`;
  let driver = await makeDriver(dataDir, installationId, postgres.adminUrl);
  const admin = new pg.Client({ connectionString: postgres.adminUrl });
  await admin.connect();
  return {
    get driver() {
      return driver;
    },
    dataDir,
    installationId,
    labsUrl: postgres.adminUrl,
    async count() {
      const like = `${createNaming(installationId).prefix.replaceAll('_', '\\_')}s\\_%`;
      const { rows } = await admin.query<{ databases: number; roles: number }>(
        `select (select count(*)::int from pg_database where datname like $1) as databases,
                (select count(*)::int from pg_roles where rolname like $1) as roles`,
        [like],
      );
      const root = join(dataDir, 'sandboxes');
      const folders = readdirSync(root)
        .filter((entry) => !entry.startsWith('.compile-cache') && entry !== 'node_modules')
        .flatMap((entry) => [entry, ...readdirSync(join(root, entry))])
        .filter((entry) => !entry.includes('.log')).length;
      return { ...rows[0], folders, processes: markedProcesses(installationId).length };
    },
    another: () => makeDriver(dataDir, installationId, postgres.adminUrl),
    async again() {
      driver = await makeDriver(dataDir, installationId, postgres.adminUrl);
      return driver;
    },
    async stop() {
      const signal = AbortSignal.timeout(60_000);
      for (const { sandboxId } of await driver.list(signal)) await driver.destroy(sandboxId, signal);
      await driver.pruneTemplates([], 0);
      await driver.close();
      await admin.end();
      await postgres.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export async function makeDriver(
  dataDir: string,
  installationId: string,
  labsUrl: string,
): Promise<ProcessDriver> {
  const users = await ensureOsUsers();
  const sampleApi = fileURLToPath(new URL('../../src/sample-api', import.meta.url));
  const runtime = stageRuntime(dataDir, sampleApi, users);
  const nothing = () => {};
  return createProcessDriver({
    dataDir,
    installationId,
    secrets: createSecrets(Buffer.alloc(32, installationId)),
    labsUrl,
    postgres: runtime.postgres,
    node: runtime.node,
    sampleApi: { folder: runtime.sampleApi, generatorVersion: 'test' },
    packages: runtime.packages,
    labUser: users.lab,
    partners: { stub: runtime.stub, traffic: runtime.traffic, user: users.partner },
    fill: (scope) => createFiller(scope, { missing: 'throw' }),
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  });
}

/** Pids of the children of an installation, whoever started them. */
export function markedProcesses(installationId: string): readonly number[] {
  return readdirSync('/proc').flatMap((entry) => {
    try {
      const environment = readFileSync(`/proc/${entry}/environ`, 'utf8');
      return environment.includes(`${labelVariable}=${installationId}/`) ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });
}
