/** A server of Labwright with labs in containers, as its users start it: it can be killed and started again. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type Docker from 'dockerode';
import { label, labelFilter } from '../../../src/sandbox/docker/labels.ts';
import { createNaming } from '../../../src/sandbox/naming.ts';
import { processesOf, type Ready, run, type Started, start, startServer } from '../../cli/labwright.ts';
import { dockerHost, startTestEngine, type TestEngine } from '../../support/docker.ts';
import { ensureImages } from '../../support/images.ts';
import { query } from '../belongings.ts';
import { type Client, createClient, HttpProblem } from '../client.ts';
import { controlUrlOf, eventually, makeDataFolder } from '../support.ts';

export type Site = Awaited<ReturnType<typeof startSite>>;

/** An engine and a machine that others use as well. */
export const patienceMs = 150_000;
/** No component can have this name. */
export const gateway = 'gateway_';

/** Of tests/e2e/templates. */
const templates = ['boxed', 'boxed-shell', 'boxed-cache'];

/** Give the hook `imagesTimeoutMs`. */
export async function startSite(env: Readonly<Record<string, string>> = {}) {
  await ensureImages();
  const dataDir = makeDataFolder();
  const shelf = mkdtempSync(join(tmpdir(), 'labwright-templates-'));
  for (const id of templates)
    cpSync(join(import.meta.dirname, '../templates', id), join(shelf, id), { recursive: true });
  const settings = {
    BACKENDS: 'docker',
    DOCKER_HOST: dockerHost,
    // Apart from the subnets of other suites.
    DOCKER_SUBNETS: '10.224.0.0/16',
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
  const test = startTestEngine(installationId);
  const naming = createNaming(installationId);
  const inDatabase = <Row extends object>(text: string, values: unknown[] = []) =>
    query<Row>(controlUrl, text, values);

  const direct: <T>(work: (docker: Docker) => Promise<T>) => Promise<T> = (work) =>
    test.engine.ask('do what a test wants', work, AbortSignal.timeout(60_000));

  async function sandboxOf(lab: string): Promise<string> {
    const [found] = await inDatabase<{ id: string | null }>(
      'select sandbox_id as id from labs where id = $1',
      [lab],
    );
    return found?.id ?? '';
  }

  async function containerOf(lab: string, component: string): Promise<string | null> {
    const sandbox = await sandboxOf(lab);
    const wanted = [`${label.sandbox}=${sandbox}`, `${label.component}=${component}`];
    const filters = { label: [...labelFilter(installationId).label, ...wanted] };
    const [found] = await direct((docker) => docker.listContainers({ all: true, filters }));
    return found?.Id ?? null;
  }

  /** Components whose containers run, with the gateway, and how many networks there are. */
  async function partsOf(lab: string) {
    const sandbox = await sandboxOf(lab);
    const filters = labelFilter(installationId, sandbox);
    const [containers, networks] = await direct((docker) =>
      Promise.all([docker.listContainers({ filters }), docker.listNetworks({ filters })]),
    );
    const running = containers.filter(({ State }) => State === 'running');
    return {
      running: running.map(({ Labels }) => Labels[label.component] ?? ''),
      networks: networks.length,
    };
  }

  /** What the engine has of sandboxes that no row says is alive, by label. */
  async function ownerless(): Promise<readonly string[]> {
    const rows = await inDatabase<{ id: string }>(
      `select s.id from sandboxes s left join labs l on l.id = s.lab_id
       where s.state in ('building', 'up') and coalesce(l.phase not in ('terminating', 'terminated'), true)`,
    );
    const living = new Set(rows.map(({ id }) => id));
    const { containers, networks, volumes, images } = await everythingOf(test, installationId);
    return [...containers, ...networks, ...volumes, ...images].filter((sandbox) => !living.has(sandbox));
  }

  const asTrainee = () => ({
    LABWRIGHT_URL: server?.ready.url ?? '',
    LABWRIGHT_TOKEN: server?.ready.tokens.trainee ?? '',
  });

  return {
    test,
    installationId,
    inDatabase,
    direct,
    sandboxOf,
    containerOf,
    partsOf,
    trainee: () => trainee,
    instructor: () => instructor,
    url: () => server?.ready.url ?? '',
    networkOf: async (lab: string) => `${naming.sandboxPrefix(await sandboxOf(lab))}net`,
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
    /** Does something to a component's container by hand. */
    async harm(
      lab: string,
      component: string,
      work: (container: Docker.Container) => Promise<unknown>,
    ): Promise<void> {
      const id = await containerOf(lab, component);
      if (id === null) throw new Error(`lab ${lab} has no container of ${component}`);
      await direct((docker) => work(docker.getContainer(id)));
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
    ownerless,
    async nothingIsOwnerless(): Promise<void> {
      let left: readonly string[] = [];
      await eventually(
        async () => {
          left = await ownerless();
          return left.length === 0;
        },
        () => `left: ${left.join(', ')}`,
        patienceMs,
      );
    },
    /** Ends all labs, and waits until the engine has nothing of them. */
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

/** Sandboxes that have something of each kind; what labs are prepared from is none of it. */
async function everythingOf({ engine }: TestEngine, installationId: string) {
  const filters = labelFilter(installationId);
  return engine.ask(
    'list what labs have',
    async (docker) => {
      const [containers, networks, volumes, images] = await Promise.all([
        docker.listContainers({ all: true, filters }),
        docker.listNetworks({ filters }),
        docker.listVolumes({ filters }),
        docker.listImages({ filters }),
      ]);
      const owners = (all: readonly { Labels?: Record<string, string> | null | undefined }[]) =>
        all.map(({ Labels }) => Labels?.[label.sandbox] ?? 'of nobody');
      return {
        containers: owners(containers),
        networks: owners(networks),
        volumes: owners(volumes.Volumes ?? []),
        images: owners(images.filter(({ Labels }) => !Labels?.[label.prepared])),
      };
    },
    AbortSignal.timeout(60_000),
  );
}
