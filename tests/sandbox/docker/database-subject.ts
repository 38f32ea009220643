/** The docker backend's databases on the engine of this machine. */
import { fileURLToPath } from 'node:url';
import { createFiller } from '../../../src/grading/values/fill.ts';
import { createDockerDriver, type DockerDriver } from '../../../src/sandbox/docker/docker-driver.ts';
import { createSecrets } from '../../../src/sandbox/secrets.ts';
import type { ContainedDatabases } from '../../contracts/database-subject.ts';
import { dockerHost, startTestEngine, type TestEngine } from '../../support/docker.ts';
import { ensureImages, type OwnImages } from '../../support/images.ts';

export interface DockerDatabases extends ContainedDatabases {
  readonly driver: DockerDriver;
  another(): Promise<DockerDriver>;
  readonly engine: TestEngine;
}

/** @param postgres another image for databases. */
export async function startDockerDatabases(postgres = 'postgres:17'): Promise<DockerDatabases> {
  const own = await ensureImages();
  const engine = startTestEngine();
  const make = () => makeDriver(engine.installationId, own, postgres);
  const driver = make();
  return {
    driver,
    another: async () => make(),
    engine,
    count: engine.count,
    containers: engine.containers,
    async prepared() {
      const images = await engine.engine.ask(
        'list images',
        (docker) =>
          docker.listImages({ filters: { label: [`dev.labwright.installation=${engine.installationId}`] } }),
        AbortSignal.timeout(20_000),
      );
      return images.flatMap(({ RepoTags }) => RepoTags ?? []).filter((name) => name.includes('prepared'));
    },
    async inside(sandboxId, component, script) {
      return engine.engine.ask(
        'look into a container',
        async (docker) => {
          const label = [`dev.labwright.sandbox=${sandboxId}`, `dev.labwright.component=${component}`];
          const [found] = await docker.listContainers({ filters: { label } });
          const exec = await docker
            .getContainer(found?.Id ?? '')
            .exec({ Cmd: ['sh', '-c', script], User: '999:999', AttachStdout: true, Tty: true });
          const stream = await exec.start({ Tty: true });
          let printed = '';
          for await (const chunk of stream) printed += String(chunk);
          return printed;
        },
        AbortSignal.timeout(60_000),
      );
    },
    async stop() {
      const signal = AbortSignal.timeout(60_000);
      for (const { sandboxId } of await driver.list(signal)) await driver.destroy(sandboxId, signal);
      await driver.close();
      await engine.stop();
    },
  };
}

function makeDriver(installationId: string, own: OwnImages, postgres: string): DockerDriver {
  const nothing = () => {};
  return createDockerDriver({
    host: dockerHost,
    tlsDir: null,
    installationId,
    secrets: createSecrets(Buffer.alloc(32, installationId)),
    images: { ...own, postgres, redis: 'redis:8' },
    subnets: '10.214.0.0/16',
    sampleApi: {
      folder: fileURLToPath(new URL('../../../src/sample-api', import.meta.url)),
      generatorVersion: 'test',
    },
    fill: (scope) => createFiller(scope, { missing: 'throw' }),
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  });
}
