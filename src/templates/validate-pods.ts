/**
 * What Pod Security `restricted`, which is enforced in every namespace of a lab, refuses of an object's pods: named by
 * field, so that a template fails when it is read and not when its pods do not come up.
 */
import { formatPath, type Path } from './problem.ts';
import { isObject, valueAt } from './tree.ts';
import type { Json } from './types.ts';

type Manifested = { readonly [key: string]: Json };

/** Kind → where its pods are described. */
const podSpecs: Readonly<Record<string, Path>> = {
  Pod: ['spec'],
  Deployment: ['spec', 'template', 'spec'],
  StatefulSet: ['spec', 'template', 'spec'],
  DaemonSet: ['spec', 'template', 'spec'],
  ReplicaSet: ['spec', 'template', 'spec'],
  ReplicationController: ['spec', 'template', 'spec'],
  Job: ['spec', 'template', 'spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
};

const volumeTypes = [
  ...['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected'],
  'secret',
];

/** One sentence for each field. */
export function podRefusals(object: Manifested): readonly string[] {
  const base = podSpecs[String(object.kind)];
  const pod = base === undefined ? undefined : valueAt(object, base);
  if (base === undefined || !isObject(pod)) return [];
  const found: string[] = [];
  const say = (path: Path, must: string) =>
    found.push(`${formatPath([...base, ...path])} ${must} (Pod Security restricted)`);
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC'])
    if (pod[key] === true) say([key], 'must not be true');
  for (const [index, volume] of listAt(pod, 'volumes').entries()) {
    const types = isObject(volume) ? Object.keys(volume).filter((key) => key !== 'name') : [];
    const other = types.find((type) => !volumeTypes.includes(type));
    if (other !== undefined)
      say(['volumes', index, other], `is no volume that is allowed: ${volumeTypes.join(', ')}`);
  }
  const shared = isObject(pod.securityContext) ? pod.securityContext : {};
  if (shared.runAsUser === 0) say(['securityContext', 'runAsUser'], 'must not be 0');
  for (const group of ['initContainers', 'containers']) {
    for (const [index, container] of listAt(pod, group).entries()) {
      if (isObject(container))
        containerRefusals(container, shared, (path, must) => say([group, index, ...path], must));
    }
  }
  return found;
}

type Say = (path: Path, must: string) => void;

function containerRefusals(container: Manifested, shared: Manifested, say: Say): void {
  const own = isObject(container.securityContext) ? container.securityContext : {};
  const at = (...path: Path): Path => ['securityContext', ...path];
  if (own.privileged === true) say(at('privileged'), 'must not be true');
  if (own.allowPrivilegeEscalation !== false) say(at('allowPrivilegeEscalation'), 'must be false');
  const dropped = valueAt(own, ['capabilities', 'drop']);
  if (!Array.isArray(dropped) || !dropped.includes('ALL')) say(at('capabilities', 'drop'), 'must be [ALL]');
  const added = valueAt(own, ['capabilities', 'add']);
  if (Array.isArray(added) && added.some((one) => one !== 'NET_BIND_SERVICE')) {
    say(at('capabilities', 'add'), 'may hold NET_BIND_SERVICE only');
  }
  if ((own.runAsNonRoot ?? shared.runAsNonRoot) !== true)
    say(at('runAsNonRoot'), 'must be true, here or of the pod');
  if (own.runAsUser === 0) say(at('runAsUser'), 'must not be 0');
  const seccomp = valueAt(own, ['seccompProfile', 'type']) ?? valueAt(shared, ['seccompProfile', 'type']);
  if (seccomp !== 'RuntimeDefault' && seccomp !== 'Localhost') {
    say(at('seccompProfile', 'type'), 'must be RuntimeDefault or Localhost, here or of the pod');
  }
  for (const [index, port] of listAt(container, 'ports').entries()) {
    if (isObject(port) && port.hostPort !== undefined && port.hostPort !== 0) {
      say(['ports', index, 'hostPort'], 'must be left out');
    }
  }
}

function listAt(value: Manifested, key: string): readonly Json[] {
  const found = value[key];
  return Array.isArray(found) ? found : [];
}
