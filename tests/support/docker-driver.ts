/** A real docker driver with an installation of its own in the real engine. */
import { fileURLToPath } from 'node:url';
import { createFiller } from '../../src/grading/values/fill.ts';
import { createDockerDriver, type DockerDriver } from '../../src/sandbox/docker/docker-driver.ts';
import { label } from '../../src/sandbox/docker/labels.ts';
import type { DockerDriverOptions } from '../../src/sandbox/docker/options.ts';
import { createSecrets } from '../../src/sandbox/secrets.ts';
import type { DriverSubject } from '../contracts/driver-contract.ts';
import { dockerHost, silentLog, startTestEngine, type TestEngine } from './docker.ts';
import { ensureImages } from './images.ts';

export interface DockerSubject extends DriverSubject {
  readonly driver: DockerDriver;
  readonly test: TestEngine;
  /** A second driver of the same installation, as another Labwright process has one; the caller closes it. */
  another(options?: Partial<DockerDriverOptions>): DockerDriver;
  /** The id of a component's container. */
  containerOf(sandboxId: string, component: string): Promise<string>;
}

interface Table {
  readonly Processes: readonly (readonly string[])[];
}

/** Give the hook `imagesTimeoutMs`: Labwright's own images are made where they are not there. */
export async function startDockerDriver(own: Partial<DockerDriverOptions> = {}): Promise<DockerSubject> {
  const images = await ensureImages();
  const test = startTestEngine();
  const another = (options: Partial<DockerDriverOptions> = {}) =>
    createDockerDriver({
      host: dockerHost,
      tlsDir: null,
      installationId: test.installationId,
      secrets: createSecrets(Buffer.alloc(32, test.installationId)),
      images: { ...images, postgres: 'postgres:17', redis: 'redis:8' },
      // Tests that run at the same time rarely meet; where they do, the engine says so.
      subnets: '10.208.0.0/13',
      sampleApi: {
        folder: fileURLToPath(new URL('../../src/sample-api', import.meta.url)),
        generatorVersion: 'test',
      },
      fill: (scope) => createFiller(scope, { missing: 'throw' }),
      log: silentLog,
      ...options,
    });
  const driver = another(own);
  await driver.check(AbortSignal.timeout(30_000));

  async function containerOf(sandboxId: string, component: string): Promise<string> {
    const filters = { label: [`${label.sandbox}=${sandboxId}`, `${label.component}=${component}`] };
    const [found] = await test.engine.ask(
      'find a container',
      (docker) => docker.listContainers({ all: true, filters }),
      AbortSignal.timeout(30_000),
    );
    if (found === undefined) throw new Error(`no container of ${component}`);
    return found.Id;
  }

  return {
    driver,
    test,
    another,
    containerOf,
    count: test.count,
    async crash({ sandboxId }, component) {
      const id = await containerOf(sandboxId, component);
      await test.engine.ask(
        'crash a container',
        (docker) => docker.getContainer(id).kill({ signal: 'KILL' }),
        AbortSignal.timeout(30_000),
      );
    },
    async runs(text) {
      const ids = await test.idsOf();
      const ps = { ps_args: '-eo pid,stat,args' };
      const tables = await test.engine.ask(
        'see what runs',
        (docker) => Promise.all(ids.map((id) => docker.getContainer(id).top(ps) as Promise<Table>)),
        AbortSignal.timeout(60_000),
      );
      const rows = tables.flatMap(({ Processes }) => Processes.map((fields) => fields.join(' ')));
      return rows.some((row) => row.includes(text) && !/^\d+ Z/.test(row));
    },
    async stop() {
      await driver.close();
      await test.stop();
    },
  };
}
