/** The backends that are enabled; an adapter is loaded only when it is. */
import { join } from 'node:path';
import { type Config, projectRoot } from '../config.ts';
import { createFiller } from '../grading/values/fill.ts';
import type { SandboxDriver } from '../lab/ports.ts';
import { GENERATOR_VERSION } from '../sample-api/seed/version.ts';
import type { Fill } from '../sandbox/fill.ts';
import { createSecrets } from '../sandbox/secrets.ts';
import type { BackendName } from '../templates/types.ts';
import type { Log } from './log.ts';
import type { ForProcesses } from './servers.ts';

export interface BackendParts {
  readonly installationId: string;
  readonly key: Buffer;
  /** Not null where `process` is enabled. */
  readonly forProcesses: ForProcesses | null;
  /** As the runtime's. */
  readonly transient: boolean;
  readonly log: Log;
}

const modules = {
  process: () => import('../sandbox/process/process-driver.ts'),
  docker: () => import('../sandbox/docker/docker-driver.ts'),
  kubernetes: () => import('../sandbox/kubernetes/kubernetes-driver.ts'),
} as const;

/** What `openBackends` will need of code, so that it does not wait for it. */
export async function loadBackends({ backends }: Pick<Config, 'backends'>): Promise<void> {
  await Promise.all([...new Set(backends)].map((name) => modules[name]()));
}

/** In the order of the setting; the first is the default. */
export async function openBackends(
  config: Config,
  parts: BackendParts,
): Promise<ReadonlyMap<BackendName, SandboxDriver>> {
  const drivers = new Map<BackendName, SandboxDriver>();
  for (const name of new Set(config.backends)) drivers.set(name, await openers[name](config, parts));
  return drivers;
}

const openers = { process: openProcess, docker: openDocker, kubernetes: openKubernetes };

async function openProcess(config: Config, { installationId, key, forProcesses, log }: BackendParts) {
  if (forProcesses === null) throw new Error('the backend process was opened without what it stands on');
  const { labsUrl, users, programs } = forProcesses;
  const [{ createProcessDriver }, labsServer] = await Promise.all([modules.process(), labsUrl]);
  return createProcessDriver({
    dataDir: config.dataDir,
    installationId,
    secrets: createSecrets(key),
    labsUrl: labsServer,
    postgres: programs.postgres,
    node: programs.node,
    sampleApi: { folder: programs.sampleApi, generatorVersion: GENERATOR_VERSION },
    packages: programs.packages,
    labUser: users.lab,
    partners: { stub: programs.stub, traffic: programs.traffic, user: users.partner },
    fill,
    log,
  });
}

async function openDocker(config: Config, { installationId, key, log }: BackendParts) {
  const { createDockerDriver } = await modules.docker();
  const driver = createDockerDriver({
    host: config.dockerHost,
    tlsDir: config.dockerCertPath,
    installationId,
    secrets: createSecrets(key),
    images: imagesOf(config),
    subnets: config.dockerSubnets,
    sampleApi,
    fill,
    log,
  });
  // What is wrong with the engine is said at once, and labs wait for it; an engine that is well tells what it has.
  await driver.check(AbortSignal.timeout(5_000)).catch((err: Error) => {
    log.warn({ backend: 'docker', err }, err.message);
  });
  return driver;
}

async function openKubernetes(config: Config, { installationId, key, transient, log }: BackendParts) {
  const [{ createKubernetesDriver }, { readOwnPlace }] = await Promise.all([
    modules.kubernetes(),
    import('../sandbox/kubernetes/client-config.ts'),
  ]);
  const driver = createKubernetesDriver({
    kubeconfig: config.kubeconfig,
    context: config.kubernetesContext,
    installationId,
    secrets: createSecrets(key),
    images: imagesOf(config),
    dial: config.kubernetesDial,
    storageClass: config.kubernetesStorageClass,
    hostVolumes: config.kubernetesHostVolumes,
    runtimeClass: config.kubernetesRuntimeClass,
    apiUrl: config.kubernetesApiUrl,
    own: readOwnPlace(config.kubernetesOwnLabels),
    transient,
    sampleApi,
    fill,
    log,
  });
  await driver.check(AbortSignal.timeout(5_000)).catch((err: Error) => {
    log.warn({ backend: 'kubernetes', err }, err.message);
  });
  return driver;
}

const imagesOf = (config: Config) => ({
  labwright: config.labwrightImage,
  postgres: config.postgresImage,
  redis: config.redisImage,
  workspace: config.workspaceImage,
});

const sampleApi = {
  folder: join(projectRoot, 'src', 'sample-api'),
  generatorVersion: GENERATOR_VERSION,
};

const fill: Fill = (scope) => createFiller(scope, { missing: 'throw' });
