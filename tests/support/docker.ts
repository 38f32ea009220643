/** The real Docker Engine in tests: whether there is one, and what an installation of a test has in it. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Log } from '../../src/lab/log.ts';
import { createEngine, type Engine } from '../../src/sandbox/docker/engine.ts';
import { label, labelFilter } from '../../src/sandbox/docker/labels.ts';

export const dockerHost = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';

/** Null: an engine answers. Asked when tests are collected. */
export const dockerMissing: string | null = whyMissing();

function whyMissing(): string | null {
  try {
    execFileSync('docker', ['version', '--format', '{{.Server.APIVersion}}'], {
      timeout: 20_000,
      stdio: 'pipe',
    });
    return null;
  } catch (thrown) {
    const { stderr, message } = thrown as { stderr?: Buffer; message: string };
    return `no Docker Engine answers (${(stderr?.toString() || message).trim().slice(0, 200)})`;
  }
}

/** A suite's first test: says loudly that nothing is tried without an engine, and fails there when all must be. */
export function requireDocker(): void {
  it('has a Docker Engine to try', (context) => {
    if (dockerMissing === null) return;
    const why = `${dockerMissing}, so nothing was tried on Docker`;
    expect(process.env.LABWRIGHT_REQUIRE_ALL, `LABWRIGHT_REQUIRE_ALL=1, and ${why}`).not.toBe('1');
    console.warn(`SKIPPED: ${why}.`);
    context.skip(why);
  });
}

const nothing = () => {};
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export interface TestEngine {
  readonly engine: Engine;
  /** Of this test alone. */
  readonly installationId: string;
  /** Everything of sandboxes of this installation, by kind; what labs are prepared from is none of it. */
  count(): Promise<Readonly<Record<string, number>>>;
  /** Ids of its containers. */
  containers(): Promise<readonly string[]>;
  /** Ids of its containers that run. */
  idsOf(): Promise<readonly string[]>;
  /** Removes all of this installation. */
  stop(): Promise<void>;
}

export function startTestEngine(installationId = `test-${randomBytes(8).toString('hex')}`): TestEngine {
  const engine = createEngine({ host: dockerHost, tlsDir: null });
  const filters = labelFilter(installationId);
  const signal = () => AbortSignal.timeout(60_000);

  const everything = () =>
    engine.ask(
      'list what a test has made',
      async (docker) => ({
        containers: await docker.listContainers({ all: true, filters }),
        networks: await docker.listNetworks({ filters }),
        volumes: (await docker.listVolumes({ filters })).Volumes ?? [],
        images: await docker.listImages({ filters }),
      }),
      signal(),
    );

  return {
    engine,
    installationId,
    async count() {
      const { containers, networks, volumes, images } = await everything();
      return {
        containers: containers.length,
        networks: networks.length,
        volumes: volumes.length,
        images: images.filter(({ Labels }) => !Labels?.[label.prepared]).length,
      };
    },
    async containers() {
      return (await everything()).containers.map(({ Id }) => Id);
    },
    async idsOf() {
      const { containers } = await everything();
      return containers.filter(({ State }) => State === 'running').map(({ Id }) => Id);
    },
    async stop() {
      const found = await everything();
      await engine.ask(
        'remove what a test has made',
        async (docker) => {
          const gone = (removal: Promise<unknown>) => removal.catch(() => {});
          await Promise.all(
            found.containers.map(({ Id }) => gone(docker.getContainer(Id).remove({ force: true, v: true }))),
          );
          for (const { Id } of found.networks) await gone(docker.getNetwork(Id).remove());
          for (const { Name } of found.volumes) await gone(docker.getVolume(Name).remove());
          // The newest first: one may stand on another.
          const newest = found.images.sort((a, b) => b.Created - a.Created);
          for (const { Id } of newest) await gone(docker.getImage(Id).remove({ force: true }));
        },
        signal(),
      );
      engine.close();
    },
  };
}
