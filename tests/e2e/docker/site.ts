/** Labwright with labs in containers, and what its engine has of them. */
import type Docker from 'dockerode';
import { label, labelFilter } from '../../../src/sandbox/docker/labels.ts';
import { createNaming } from '../../../src/sandbox/naming.ts';
import { dockerHost, startTestEngine, type TestEngine } from '../../support/docker.ts';
import { ensureImages } from '../../support/images.ts';
import { startLabSite } from '../lab-site.ts';
import { eventually } from '../support.ts';

export type Site = Awaited<ReturnType<typeof startSite>>;

/** An engine and a machine that others use as well. */
export const patienceMs = 150_000;
/** No component can have this name. */
export const gateway = 'gateway_';

/** Give the hook `imagesTimeoutMs`. */
export async function startSite(env: Readonly<Record<string, string>> = {}) {
  await ensureImages();
  const site = await startLabSite({
    settings: {
      BACKENDS: 'docker',
      DOCKER_HOST: dockerHost,
      // Apart from the subnets of other suites.
      DOCKER_SUBNETS: '10.224.0.0/16',
      ...env,
    },
    patienceMs,
    open: startTestEngine,
  });
  const { test, installationId, inDatabase, sandboxOf } = site;
  const naming = createNaming(installationId);

  const direct: <T>(work: (docker: Docker) => Promise<T>) => Promise<T> = (work) =>
    test.engine.ask('do what a test wants', work, AbortSignal.timeout(60_000));

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

  return {
    ...site,
    direct,
    containerOf,
    partsOf,
    networkOf: async (lab: string) => `${naming.sandboxPrefix(await sandboxOf(lab))}net`,
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
