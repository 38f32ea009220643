/** The backends that are enabled; an adapter is loaded only when it is. */
import type { Config } from '../config.ts';
import type { OsUsers } from '../embedded/os-user.ts';
import type { Runtime as Programs } from '../embedded/runtime.ts';
import { createFiller } from '../grading/values/fill.ts';
import type { SandboxDriver } from '../lab/ports.ts';
import { GENERATOR_VERSION } from '../sample-api/seed/version.ts';
import { createSecrets } from '../sandbox/secrets.ts';
import type { BackendName } from '../templates/types.ts';
import type { Log } from './log.ts';

export interface BackendParts {
  readonly installationId: string;
  readonly key: Buffer;
  readonly labsUrl: string;
  readonly users: OsUsers;
  readonly programs: Programs;
  readonly log: Log;
}

/** In the order of the setting; the first is the default. */
export async function openBackends(
  config: Config,
  { installationId, key, labsUrl, users, programs, log }: BackendParts,
): Promise<ReadonlyMap<BackendName, SandboxDriver>> {
  const drivers = new Map<BackendName, SandboxDriver>();
  for (const name of new Set(config.backends)) {
    switch (name) {
      case 'process': {
        const { createProcessDriver } = await import('../sandbox/process/process-driver.ts');
        const driver = createProcessDriver({
          dataDir: config.dataDir,
          installationId,
          secrets: createSecrets(key),
          labsUrl,
          postgres: programs.postgres,
          node: programs.node,
          sampleApi: { folder: programs.sampleApi, generatorVersion: GENERATOR_VERSION },
          packages: programs.packages,
          labUser: users.lab,
          partners: { stub: programs.stub, traffic: programs.traffic, user: users.partner },
          fill: (scope) => createFiller(scope, { missing: 'throw' }),
          log,
        });
        drivers.set(name, driver);
      }
    }
  }
  return drivers;
}
