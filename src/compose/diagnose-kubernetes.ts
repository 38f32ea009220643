/** What the backend `kubernetes` needs of its cluster. Looked at also where it is not enabled, as what could be. */
import type { Config } from '../config.ts';
import type { ClusterFacts } from '../sandbox/kubernetes/client-facts.ts';
import { type Found, type Looks, missing, ok, warn } from './finding.ts';

const area = 'backend kubernetes';
const patienceMs = 15_000;
/** Streams of exec that can be half closed, and admission by policies. */
const oldestMinor = 30;

/** Only the cluster where it does not answer, or is not enabled. */
export async function kubernetesLooks(config: Config): Promise<Looks> {
  let facts: ClusterFacts;
  try {
    facts = await ask(config);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const remedy = 'Name a cluster that answers by KUBECONFIG and KUBERNETES_CONTEXT.';
    return [[area, 'cluster', () => (isEnabled(config) ? missing(found, remedy) : warn(found, remedy))]];
  }
  const cluster = [area, 'cluster', () => version(facts)] as const;
  if (!isEnabled(config)) return [cluster];
  const images = [config.labwrightImage, config.workspaceImage, config.postgresImage, config.redisImage];
  return [
    cluster,
    [area, 'permissions', () => permissions(facts)],
    [area, 'nodes', () => nodes(facts)],
    [area, 'pod security', () => podSecurity(facts)],
    [area, 'network policies', networkPolicies],
    [area, 'storage', () => storage(facts, config)],
    ...runtimeLook(facts, config),
    ...images.map((name) => [area, `image ${name}`, () => image(facts, name)] as const),
  ];
}

const isEnabled = (config: Config) => config.backends.includes('kubernetes');

async function ask(config: Config): Promise<ClusterFacts> {
  const { readClusterFacts } = await import('../sandbox/kubernetes/client-facts.ts');
  const options = {
    kubeconfig: config.kubeconfig,
    context: config.kubernetesContext,
    storageClass: config.kubernetesStorageClass,
    runtimeClass: config.kubernetesRuntimeClass,
  };
  return readClusterFacts(options, AbortSignal.timeout(patienceMs));
}

function version({ version: found, minor, url }: ClusterFacts): Found {
  if (minor >= oldestMinor) return ok(`${found} at ${url}`);
  return missing(`${found} at ${url}`, `Use a cluster of Kubernetes 1.${oldestMinor} or newer.`);
}

function permissions({ missing: lacking }: ClusterFacts): Found {
  if (lacking.length === 0) return ok('all that labs need');
  const remedy = 'Bind Labwright to the ClusterRole that it is installed with, or add these to its own.';
  return missing(`may not: ${lacking.join(', ')}`, remedy);
}

function nodes({ nodes: found }: ClusterFacts): Found {
  const remedy = 'Give it list on nodes to see them here; labs do not need it.';
  if (found === null) return warn('it may not be asked', remedy);
  const away = found.filter(({ isReady }) => !isReady).map(({ name }) => name);
  if (found.length === away.length) return missing('none is ready', 'Make a node of the cluster ready.');
  const text = `${found.length - away.length} of ${found.length} are ready`;
  if (away.length === 0) return ok(text);
  return warn(text, `Labs on these wait until they are back: ${away.join(', ')}.`);
}

function podSecurity({ podSecurity: isHeld }: ClusterFacts): Found {
  if (isHeld === true) return ok('a pod that breaks the standard "restricted" was refused');
  if (isHeld === false) {
    const remedy =
      'Enable the admission plugin PodSecurity of the API server: without it labs can leave their pods.';
    return missing('a pod that breaks the standard "restricted" was taken', remedy);
  }
  const remedy = 'Look again once a lab has been made: it is tried in its namespace.';
  return warn('not tried: no lab has been made yet', remedy);
}

function networkPolicies(): Found {
  return warn(
    'the API takes policies, whether or not the network holds to them',
    'Prove it in a lab: `helm test` connects from one lab to another, which must fail.',
  );
}

function storage({ classes }: ClusterFacts, { kubernetesStorageClass: name }: Config): Found {
  if (name === null) return ok('data of labs is kept on its node, and gone with its pod');
  if (classes.storage) return ok(`StorageClass ${name}`);
  return missing(`there is no StorageClass ${name}`, 'Name another by KUBERNETES_STORAGE_CLASS.');
}

function runtimeLook({ classes }: ClusterFacts, { kubernetesRuntimeClass: name }: Config): Looks {
  if (name === null) return [];
  const remedy = 'Name another by KUBERNETES_RUNTIME_CLASS.';
  const found = () => (classes.runtime ? ok(name) : missing(`there is no RuntimeClass ${name}`, remedy));
  return [[area, 'runtime', found]];
}

/** A node tells of some of its images only, and may pull others. */
function image({ nodes: found }: ClusterFacts, name: string): Found {
  const without = (found ?? []).filter(({ images }) => !images.some((one) => isSame(one, name)));
  if (found !== null && without.length === 0)
    return ok(`on ${found.length === 1 ? 'the node' : 'all nodes'}`);
  const where =
    found === null ? 'nodes may not be asked' : `not seen on ${without.length} of ${found.length} nodes`;
  return warn(where, 'It must be in a registry that nodes can pull from, or loaded into each of them.');
}

/** Nodes write names out: `docker.io/library/postgres:17`. */
function isSame(onNode: string, name: string): boolean {
  return [name, `docker.io/${name}`, `docker.io/library/${name}`].includes(onNode);
}
