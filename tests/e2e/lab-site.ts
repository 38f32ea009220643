/** A server of Labwright with labs on a backend, as its users start it: it can be killed and started again. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processesOf, type Ready, run, type Started, start, startServer } from '../cli/labwright.ts';
import { query } from './belongings.ts';
import { type Client, createClient, HttpProblem } from './client.ts';
import { controlUrlOf, eventually, makeDataFolder } from './support.ts';

/** Of tests/e2e/templates. */
const templates = ['boxed', 'boxed-shell', 'boxed-cache'];

/** An engine or a cluster as a test sees it. */
interface TestBackend {
  /** What sandboxes of the installation have, by kind. */
  count(): Promise<Readonly<Record<string, number>>>;
  /** Removes all of the installation. */
  stop(): Promise<void>;
}

export interface SiteOptions<Test extends TestBackend> {
  readonly settings: Readonly<Record<string, string>>;
  /** How long anything of a lab may take. */
  readonly patienceMs: number;
  open(installationId: string): Test;
}

export type LabSite = Awaited<ReturnType<typeof startLabSite>>;

export async function startLabSite<Test extends TestBackend>({
  settings,
  patienceMs,
  open,
}: SiteOptions<Test>) {
  const dataDir = makeDataFolder();
  const shelf = mkdtempSync(join(tmpdir(), 'labwright-templates-'));
  for (const id of templates)
    cpSync(join(import.meta.dirname, 'templates', id), join(shelf, id), { recursive: true });
  const env = {
    TEMPLATES_DIR: shelf,
    SPARES: '0',
    LABS_PER_TRAINEE: '200',
    LABS_GLOBAL: '200',
    LOG_LEVEL: 'info',
    ...settings,
  };
  let server: (Started & { readonly ready: Ready }) | null = null;
  let trainee: Client;
  let instructor: Client;

  async function begin(): Promise<void> {
    server = await startServer(dataDir, env);
    const { url, tokens } = server.ready;
    [trainee, instructor] = [createClient(url, tokens.trainee), createClient(url, tokens.instructor)];
  }

  await begin();
  const controlUrl = await controlUrlOf(dataDir);
  const [row] = await query<{ id: string }>(controlUrl, 'select id::text as id from installation');
  const installationId = row?.id ?? '';
  const test = open(installationId);
  const inDatabase = <Row extends object>(text: string, values: unknown[] = []) =>
    query<Row>(controlUrl, text, values);

  const asTrainee = () => ({
    LABWRIGHT_URL: server?.ready.url ?? '',
    LABWRIGHT_TOKEN: server?.ready.tokens.trainee ?? '',
  });

  return {
    test,
    installationId,
    inDatabase,
    trainee: () => trainee,
    instructor: () => instructor,
    url: () => server?.ready.url ?? '',
    start: begin,
    async kill(): Promise<void> {
      server?.child.kill('SIGKILL');
      await server?.ended;
    },
    /** What the server that runs then says, also when this one is killed meanwhile. */
    async persistently<T>(ask: (client: Client) => Promise<T>): Promise<T> {
      const deadline = performance.now() + patienceMs;
      for (;;) {
        try {
          return await ask(trainee);
        } catch (problem) {
          const away =
            problem instanceof TypeError || (problem instanceof HttpProblem && problem.status === 503);
          if (!away || performance.now() > deadline) throw problem;
        }
        await delay(100);
      }
    },
    async sandboxOf(lab: string): Promise<string> {
      const [found] = await inDatabase<{ id: string | null }>(
        'select sandbox_id as id from labs where id = $1',
        [lab],
      );
      return found?.id ?? '';
    },
    /** Runs a script in the workspace, as the trainee does. */
    inWorkspace: (lab: string, script: string) =>
      run(['lab', 'connect', lab, 'workspace'], asTrainee(), script),
    /** One statement in the lab's database, by the trainee's own way to it. */
    async sql<Row extends object>(lab: string, text: string): Promise<readonly Row[]> {
      const tunnel = start(['lab', 'connect', lab, 'database', '--json'], asTrainee());
      try {
        await eventually(
          () => tunnel.stdout().includes('\n') || tunnel.child.exitCode !== null,
          () => 'the tunnel to the database',
          60_000,
        );
        const [line = ''] = tunnel.stdout().split('\n');
        if (line === '') throw new Error(`no tunnel: ${tunnel.stderr()}`);
        return await query<Row>((JSON.parse(line) as { url: string }).url, text);
      } finally {
        tunnel.child.kill('SIGINT');
        await tunnel.ended;
      }
    },
    /** Ends all labs, and waits until the backend has nothing of them. */
    async endAll(): Promise<void> {
      const living = await inDatabase<{ id: string }>(
        "select id from labs where phase not in ('terminating', 'terminated')",
      );
      for (const { id } of living) await instructor.remove(id);
      const all = await inDatabase<{ id: string }>('select id from labs');
      for (const { id } of all) await instructor.untilEnded(id, patienceMs);
    },
    async stop(): Promise<void> {
      server?.child.kill('SIGTERM');
      await server?.ended;
      await test.stop();
      const left = processesOf(dataDir);
      for (const folder of [dataDir, shelf]) rmSync(folder, { recursive: true, force: true });
      if (left.length > 0) throw new Error(`these still run:\n${left.join('\n')}`);
    },
  };
}
