/**
 * `Namespaces` in memory: objects with the little of their controllers that looks and steps read, programs of pods run
 * on this machine with a volume's folder in the place of where it is mounted.
 */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../../src/lab/errors.ts';
import type {
  Actor,
  KindQuery,
  KubernetesObject,
  Namespaces,
  ObjectRef,
  PodQuery,
} from '../../src/lab/namespaces.ts';
import type { ExecResult, SandboxPlan } from '../../src/lab/ports.ts';
import type { Json } from '../../src/templates/types.ts';
import { testHandle } from '../support/handle.ts';
import { control, mapAt, merged, textAt } from './memory-objects.ts';

export interface MemoryNamespacesOptions {
  /** Volumes are folders below it. */
  readonly folder: string;
  /** What each container has printed. */
  readonly log?: string;
  /** Called before everything else: may throw, as a cluster that does not answer. */
  readonly before?: (what: string) => void;
}

/** What only we may change. */
const ours = ['ResourceQuota', 'LimitRange', 'Role', 'RoleBinding', 'NetworkPolicy'];

export type MemoryNamespaces = ReturnType<typeof memoryNamespaces>;

export function memoryNamespaces({ folder, log = '', before = () => {} }: MemoryNamespacesOptions) {
  const namespaces = new Map<string, Map<string, KubernetesObject>>();
  let held = false;

  const placeOf = ({ sandboxId }: SandboxPlan, component: string) => `${sandboxId}/${component}`;
  const keyOf = ({ apiVersion, kind }: KindQuery, name: string) => `${apiVersion} ${kind} ${name}`;

  function namespace(plan: SandboxPlan, component: string): Map<string, KubernetesObject> {
    const found = namespaces.get(placeOf(plan, component));
    if (found === undefined)
      throw new LabError('object_not_found', `The namespace of ${component} is not there.`);
    return found;
  }
  function one(plan: SandboxPlan, component: string, ref: ObjectRef): KubernetesObject {
    const found = namespace(plan, component).get(keyOf(ref, ref.name));
    if (found === undefined) throw new LabError('object_not_found', `There is no ${ref.kind} ${ref.name}.`);
    return found;
  }
  function allowed(as: Actor, kind: string): void {
    if (as === 'trainee' && ours.includes(kind))
      throw new LabError('object_denied', `${kind} may not be changed.`);
  }
  function put(plan: SandboxPlan, component: string, object: KubernetesObject): KubernetesObject {
    const all = namespace(plan, component);
    const ref = { apiVersion: textAt(object, 'apiVersion'), kind: textAt(object, 'kind') };
    const key = keyOf(ref, textAt(object, 'metadata', 'name'));
    const kept = control(object, all, key, held);
    all.set(key, kept);
    return kept;
  }
  function podOf(plan: SandboxPlan, component: string, { name, selector }: PodQuery): KubernetesObject {
    const query = {
      apiVersion: 'v1',
      kind: 'Pod',
      limit: 100,
      ...(name && { name }),
      ...(selector && { selector }),
    };
    const [found] = select(namespaces.get(placeOf(plan, component)), query);
    if (found !== undefined) return found;
    throw new LabError('object_not_found', `There is no pod ${name ?? selector}.`);
  }

  const port: Namespaces = {
    async kubeconfig(_, components, __, until) {
      return { text: components.join('\n'), expiresAt: until };
    },
    async list(plan, component, query) {
      before(`list ${query.kind}`);
      const found = select(namespaces.get(placeOf(plan, component)), query);
      if (found.length > query.limit)
        throw new LabError('payload_too_large', `There are more than ${query.limit}.`);
      return structuredClone(found);
    },
    async apply(plan, component, as, manifests) {
      before('apply');
      for (const manifest of manifests) {
        allowed(as, textAt(manifest, 'kind'));
        if (manifest.kind === 'Deployment' && mapAt(manifest, 'spec').template === undefined) {
          throw new LabError('validation_failed', 'spec.template: Required value');
        }
        put(plan, component, structuredClone(manifest));
      }
    },
    async remove(plan, component, as, ref) {
      before(`remove ${ref.kind}`);
      allowed(as, ref.kind);
      namespace(plan, component).delete(keyOf(ref, ref.name));
    },
    async patch(plan, component, as, ref, patch) {
      before(`patch ${ref.kind}`);
      allowed(as, ref.kind);
      return structuredClone(
        put(plan, component, merged(one(plan, component, ref), patch) as KubernetesObject),
      );
    },
    async scale(plan, component, as, ref, replicas) {
      before(`scale ${ref.kind}`);
      allowed(as, ref.kind);
      put(plan, component, merged(one(plan, component, ref), { spec: { replicas } }) as KubernetesObject);
    },
    async removeNamespace(plan, component) {
      before('removeNamespace');
      namespaces.delete(placeOf(plan, component));
    },
    async createNamespace(plan, component) {
      before('createNamespace');
      const place = placeOf(plan, component);
      if (!namespaces.has(place)) namespaces.set(place, new Map());
    },
    async podLog(plan, component, pod, maxBytes) {
      before('podLog');
      podOf(plan, component, pod);
      return log.slice(Math.max(0, log.length - maxBytes));
    },
    async podExec(plan, component, pod, argv, caps, signal) {
      before('podExec');
      const mounts = mountsOf(podOf(plan, component, pod));
      const words = await Promise.all(argv.map((word) => mounted(word, mounts, join(folder, component))));
      return run(words, caps.timeoutMs, caps.maxBytes, signal);
    },
    async volumeFiles(_, component, volume, query, signal) {
      before('volumeFiles');
      const path = join(folder, component, volume);
      await mkdir(path, { recursive: true });
      return testHandle({ volume: { kind: 'shell', path } }).readFiles('volume', query, signal);
    },
  };
  return {
    ...port,
    /** From now on nothing is rolled out: what is changed is taken up, and no pod of it comes up. */
    hold(): void {
      held = true;
    },
    /** All that was held back comes up. */
    settle(): void {
      held = false;
      for (const all of namespaces.values()) {
        for (const [key, object] of [...all]) all.set(key, control(object, all, key, false));
      }
    },
  };
}

function select(
  all: ReadonlyMap<string, KubernetesObject> | undefined,
  query: KindQuery & { readonly name?: string; readonly selector?: string },
): KubernetesObject[] {
  return [...(all?.values() ?? [])].filter(
    (object) =>
      object.apiVersion === query.apiVersion &&
      object.kind === query.kind &&
      (query.name === undefined || textAt(object, 'metadata', 'name') === query.name) &&
      (query.selector === undefined || matches(mapAt(object, 'metadata', 'labels'), query.selector)),
  );
}

function matches(labels: { readonly [key: string]: Json }, selector: string): boolean {
  const within = /^(\S+) in \((.*)\)$/.exec(selector);
  if (within !== null) return (within[2] ?? '').split(',').includes(String(labels[within[1] ?? '']));
  return selector.split(',').every((part) => {
    const [key = '', value] = part.split('=');
    return labels[key] === value;
  });
}

/** Where a claim is mounted → its name. */
function mountsOf(pod: KubernetesObject): ReadonlyMap<string, string> {
  const spec = mapAt(pod, 'spec');
  const volumes = (spec.volumes ?? []) as { name: string; persistentVolumeClaim?: { claimName: string } }[];
  const claims = new Map(volumes.map((one) => [one.name, one.persistentVolumeClaim?.claimName ?? '']));
  const containers = (spec.containers ?? []) as { volumeMounts?: { name: string; mountPath: string }[] }[];
  const mounts = containers.flatMap((one) => one.volumeMounts ?? []);
  return new Map(mounts.map(({ name, mountPath }) => [mountPath, claims.get(name) ?? '']));
}

async function mounted(word: string, mounts: ReadonlyMap<string, string>, root: string): Promise<string> {
  let text = word;
  for (const [path, claim] of mounts) {
    await mkdir(join(root, claim), { recursive: true });
    text = text.replaceAll(path, join(root, claim));
  }
  return text;
}

function run(
  argv: readonly string[],
  timeout: number,
  maxBuffer: number,
  signal: AbortSignal,
): Promise<ExecResult> {
  const start = performance.now();
  const [program = '', ...args] = argv;
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { timeout, maxBuffer, signal, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        const truncated = error?.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER';
        resolve({
          exitCode: error === null ? 0 : typeof error.code === 'number' ? error.code : null,
          signal: error?.signal ?? null,
          stdout,
          stderr,
          timedOut: error?.killed === true && !truncated,
          truncated,
          durationMs: performance.now() - start,
        });
      },
    );
  });
}
