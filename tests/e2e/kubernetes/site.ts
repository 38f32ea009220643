/** A server of Labwright with labs in a cluster, as its users start it: it can be killed and started again. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Namespace, V1Pod } from '@kubernetes/client-node';
import { label, selectorOf } from '../../../src/sandbox/kubernetes/labels.ts';
import { createNames, labelValue } from '../../../src/sandbox/kubernetes/names.ts';
import { processesOf, type Ready, run, type Started, start, startServer } from '../../cli/labwright.ts';
import { ensureClusterImages } from '../../support/cluster-images.ts';
import { kubeconfigPath, startTestCluster } from '../../support/kubernetes.ts';
import { query } from '../belongings.ts';
import { type Client, createClient, HttpProblem } from '../client.ts';
import { controlUrlOf, eventually, makeDataFolder } from '../support.ts';

export type Site = Awaited<ReturnType<typeof startSite>>;

/** A cluster and a machine that others use as well. */
export const patienceMs = 240_000;

/** Of tests/e2e/templates. */
const templates = ['boxed', 'boxed-shell', 'boxed-cache'];

/** Give the hook `imagesTimeoutMs`. */
export async function startSite(env: Readonly<Record<string, string>> = {}) {
  await ensureClusterImages();
  const dataDir = makeDataFolder();
  const shelf = mkdtempSync(join(tmpdir(), 'labwright-templates-'));
  for (const id of templates)
    cpSync(join(import.meta.dirname, '../templates', id), join(shelf, id), { recursive: true });
  const settings = {
    BACKENDS: 'kubernetes',
    ...(kubeconfigPath === null ? {} : { KUBECONFIG: kubeconfigPath }),
    TEMPLATES_DIR: shelf,
    SPARES: '0',
    LABS_PER_TRAINEE: '200',
    LABS_GLOBAL: '200',
    LOG_LEVEL: 'info',
    ...env,
  };
  let server: (Started & { readonly ready: Ready }) | null = null;
  let trainee: Client;
  let instructor: Client;

  async function begin(): Promise<void> {
    server = await startServer(dataDir, settings);
    const { url, tokens } = server.ready;
    [trainee, instructor] = [createClient(url, tokens.trainee), createClient(url, tokens.instructor)];
  }

  await begin();
  const controlUrl = await controlUrlOf(dataDir);
  const [row] = await query<{ id: string }>(controlUrl, 'select id::text as id from installation');
  const installationId = row?.id ?? '';
  const test = startTestCluster(installationId);
  const names = createNames(installationId);
  const inDatabase = <Row extends object>(text: string, values: unknown[] = []) =>
    query<Row>(controlUrl, text, values);
  const signal = () => AbortSignal.timeout(60_000);

  async function sandboxOf(lab: string): Promise<string> {
    const [found] = await inDatabase<{ id: string | null }>(
      'select sandbox_id as id from labs where id = $1',
      [lab],
    );
    return found?.id ?? '';
  }

  const namespaceOf = async (lab: string) => names.controlOf(await sandboxOf(lab));

  async function podsOf(lab: string): Promise<readonly V1Pod[]> {
    const namespace = await namespaceOf(lab);
    const of = { apiVersion: 'v1', kind: 'Pod', namespace, selector: selectorOf(installationId) };
    return test.cluster.list<V1Pod>(of, signal());
  }

  async function podOf(lab: string, component: string): Promise<V1Pod | null> {
    const found = await podsOf(lab);
    const wanted = labelValue(component);
    return found.find(({ metadata }) => metadata?.labels?.[label.component] === wanted) ?? null;
  }

  /** Namespaces of sandboxes that no row says is alive, by sandbox. */
  async function ownerless(): Promise<readonly string[]> {
    const rows = await inDatabase<{ id: string }>(
      `select s.id from sandboxes s left join labs l on l.id = s.lab_id
       where s.state in ('building', 'up') and coalesce(l.phase not in ('terminating', 'terminated'), true)`,
    );
    const living = new Set(rows.map(({ id }) => labelValue(id)));
    const selector = `${selectorOf(installationId)},${label.sandbox}`;
    const found = await test.cluster.list<V1Namespace>(
      { apiVersion: 'v1', kind: 'Namespace', selector },
      signal(),
    );
    return found
      .map(({ metadata }) => metadata?.labels?.[label.sandbox] ?? '')
      .filter((sandbox) => !living.has(sandbox));
  }

  const asTrainee = () => ({
    LABWRIGHT_URL: server?.ready.url ?? '',
    LABWRIGHT_TOKEN: server?.ready.tokens.trainee ?? '',
  });

  return {
    test,
    installationId,
    inDatabase,
    sandboxOf,
    namespaceOf,
    podsOf,
    podOf,
    ownerless,
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
    /** Components whose pods run and are not about to end. */
    async running(lab: string): Promise<readonly string[]> {
      const found = await podsOf(lab);
      return found
        .filter(({ metadata, status }) => status?.phase === 'Running' && !metadata?.deletionTimestamp)
        .map(({ metadata }) => metadata?.labels?.[label.component] ?? '');
    },
    /** Deletes a component's pod by hand. */
    async deletePod(lab: string, component: string): Promise<void> {
      const { namespace = '', name = '' } = (await podOf(lab, component))?.metadata ?? {};
      if (name === '') throw new Error(`lab ${lab} has no pod of ${component}`);
      await test.cluster.remove(
        { apiVersion: 'v1', kind: 'Pod', namespace, name },
        { graceSeconds: 0 },
        signal(),
      );
    },
    /** Deletes all objects of some kinds in the lab's own namespace. */
    async deleteAll(lab: string, kinds: readonly (readonly [string, string])[]): Promise<void> {
      const namespace = await namespaceOf(lab);
      for (const [apiVersion, kind] of kinds) {
        const of = { apiVersion, kind, namespace };
        for (const { metadata } of await test.cluster.list<V1Pod>(of, signal())) {
          await test.cluster.remove({ ...of, name: metadata?.name ?? '' }, {}, signal());
        }
      }
    },
    async deleteNamespace(lab: string): Promise<void> {
      const name = await namespaceOf(lab);
      await test.cluster.remove({ apiVersion: 'v1', kind: 'Namespace', name }, {}, signal());
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
    /** Ends all labs, and waits until the cluster has nothing of them. */
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
