/** Puts a template's objects into a new namespace, and waits until what runs of them serves. */
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../../lab/errors.ts';
import type { NamespaceComponent } from '../../../templates/types.ts';
import type { Environments } from '../../environment.ts';
import type { Piece } from '../../part.ts';
import type { Cluster } from '../types.ts';
import { type Manifest, objectsOf, placed } from './manifests.ts';
import { missingOf, type Rolling, rollingKinds, troubleOf, type WaitingPod } from './rollout.ts';

const withinMs = 180_000;
const lookMs = 400;
/** On an object that is broken on purpose: nobody waits until it serves. Trainees never see it. */
const waitAnnotation = 'labwright.dev/wait';

/** Throws LabError `start_failed` that names the object and what is wrong with it. */
export async function applyObjects(
  piece: Piece<NamespaceComponent>,
  namespace: string,
  { cluster, environments }: { readonly cluster: Cluster; readonly environments: Environments },
  signal: AbortSignal,
): Promise<void> {
  const awaited: Manifest[] = [];
  try {
    const objects = await placed(await objectsOf(piece, environments), namespace, cluster.isNamespaced);
    for (const object of objects) {
      const { manifest, isAwaited } = withoutMark(object);
      await cluster.apply(manifest, signal);
      if (isAwaited) awaited.push(manifest);
    }
  } catch (thrown) {
    if (!(thrown instanceof LabError) || thrown.code !== 'validation_failed') throw thrown;
    throw startFailed(piece, thrown.message, thrown);
  }
  await waitFor(piece, namespace, awaited, cluster, signal);
}

function withoutMark(object: Manifest) {
  const { annotations = {}, ...metadata } = object.metadata;
  const { [waitAnnotation]: mark, ...others } = annotations;
  const isAwaited = rollingKinds.has(object.kind) && mark !== 'false' && mark !== false;
  const kept = Object.keys(others).length > 0 ? { annotations: others } : {};
  return { isAwaited, manifest: { ...object, metadata: { ...metadata, ...kept } } };
}

async function waitFor(
  piece: Piece<NamespaceComponent>,
  namespace: string,
  awaited: readonly Manifest[],
  cluster: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + withinMs;
  for (let left = awaited; ; ) {
    const seen = await Promise.all(
      left.map(async (object) => {
        const { apiVersion, kind, metadata } = object;
        const name = { apiVersion, kind, namespace, name: metadata.name };
        const there = (await cluster.read<object>(name, signal)) as Rolling | null;
        return { object, missing: missingOf(there ?? { ...object, status: {} }) };
      }),
    );
    left = seen.filter(({ missing }) => missing !== null).map(({ object }) => object);
    if (left.length === 0) return;
    const pods = await cluster.list<WaitingPod>({ apiVersion: 'v1', kind: 'Pod', namespace }, signal);
    const trouble = troubleOf(pods);
    const texts = seen.flatMap(({ missing }) => (missing === null ? [] : [missing.text]));
    const isHopeless = trouble.isHopeless || seen.some(({ missing }) => missing?.isHopeless);
    if (isHopeless || performance.now() > until) {
      throw startFailed(piece, [...texts, ...trouble.texts].join('; '));
    }
    await delay(lookMs, undefined, { signal });
  }
}

function startFailed({ ref, spec }: Piece<NamespaceComponent>, text: string, cause?: unknown): LabError {
  const said = `The objects in ${spec.objects} of component "${ref.component}" do not start: ${text}`;
  return new LabError('start_failed', said.slice(0, 2_000), { cause });
}
