/** The floor of a lab in a cluster: its objects by `kubectl apply`, until `kubectl wait` says that its pods are ready. */
import { randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { serverHome } from '../../../src/sandbox/containers/postgres/server.ts';
import { createPodExec } from '../../../src/sandbox/kubernetes/exec/pod-exec.ts';
import { createNames } from '../../../src/sandbox/kubernetes/names.ts';
import { preparedContainer, wholeLabel } from '../../../src/sandbox/kubernetes/postgres/prepared-pod.ts';
import { startTestCluster } from '../../support/kubernetes.ts';
import type { World } from '../world.ts';
import { dataObjects, dataPod, floorObjects, type MadeObject, sharedNamespace } from './floor-objects.ts';
import { kubectl } from './kubectl.ts';
import type { Example } from './serve-cluster.ts';

const patienceSeconds = 300;

export interface Floor {
  /** Ready when it returns. */
  up(): Promise<{ remove(): Promise<void> }>;
}

const kinds = [
  'namespace',
  'serviceaccount',
  'resourcequota',
  'limitrange',
  'networkpolicy',
  'secret',
  'service',
  'persistentvolumeclaim',
  'pod',
];

/** Made after a lab of this installation; what it needs is removed with the world. */
export async function openFloor(world: World, installation: string, example: Example): Promise<Floor> {
  const { signal } = world;
  const own = startTestCluster(`bench-${randomBytes(8).toString('hex')}`);
  // By its label, with all that was left of floors that broke.
  world.defer('what is left of kubectl', () => own.stop());
  const [theirs, mine] = [createNames(installation), createNames(own.installationId)];
  const namespace = theirs.controlOf(example.sandboxId);
  const all = await Promise.all([
    read(['get', 'namespace', namespace]),
    ...kinds.slice(1).map((kind) => read(['get', kind, '--namespace', namespace])),
  ]);
  const lab = floorObjects(all.flat(), mine.shared);

  async function read(args: readonly string[]): Promise<readonly MadeObject[]> {
    const answer = JSON.parse(await kubectl(signal, [...args, '--output', 'json'])) as {
      readonly items?: readonly MadeObject[];
    };
    return answer.items ?? [answer as MadeObject];
  }

  /** What labs of the installation have, so that none of it is looked after by the server. */
  const renamed = (objects: readonly object[], sandboxId: string): string =>
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })
      .replaceAll(installation, own.installationId)
      .replaceAll(theirs.prefix, mine.prefix)
      .replaceAll(example.sandboxId, sandboxId);

  const apply = (objects: readonly object[], sandboxId: string) =>
    kubectl(signal, ['apply', '--filename', '-'], renamed(objects, sandboxId));

  const ready = (within: string) =>
    kubectl(signal, [
      ...['wait', 'pod', '--all', '--for', 'condition=Ready', '--namespace', within],
      ...['--timeout', `${patienceSeconds}s`],
    ]);

  /** The same data as labs begin with, in a pod that gives them to whoever asks. */
  async function prepareData(): Promise<void> {
    const selector = ['--selector', `${wholeLabel}=true`];
    const [prepared] = await read(['get', 'pod', '--namespace', theirs.shared, ...selector]);
    if (prepared === undefined) throw new Error('no database was prepared');
    const space = sharedNamespace(mine.shared, own.installationId);
    await apply([space, ...dataObjects(prepared, mine.shared)], example.sandboxId);
    await ready(mine.shared);
    const exec = createPodExec(own.cluster.config);
    const into = { namespace: mine.shared, pod: dataPod, container: preparedContainer };
    const from = { namespace: theirs.shared, pod: prepared.metadata.name, container: preparedContainer };
    const packed = await exec.open(from, ['tar', 'c', '-C', serverHome, 'data'], { stdin: false }, signal);
    const script = `cd ${serverHome} && mkdir .new && tar x -C .new && mv .new/data data`;
    const taken = await exec.open(into, ['sh', '-c', script], { stdin: true }, signal);
    taken.stream.resume();
    // Either that breaks ends the other; their exit code tells whether all has come.
    pipeline(packed.stream, taken.stream).catch(() => {});
    const code = await taken.exitCode;
    if (code !== 0) throw new Error(`the data for kubectl could not be copied (${code})`);
  }

  await prepareData();
  return {
    async up() {
      const sandboxId = `sb-${randomBytes(6).toString('hex')}`;
      const name = mine.controlOf(sandboxId);
      const remove = async () => {
        const gone = ['delete', 'namespace', name, '--ignore-not-found', '--wait'];
        await kubectl(AbortSignal.timeout(patienceSeconds * 1_000), gone);
      };
      try {
        await apply(lab, sandboxId);
        await ready(name);
      } catch (thrown) {
        await remove();
        throw thrown;
      }
      return { remove };
    },
  };
}
