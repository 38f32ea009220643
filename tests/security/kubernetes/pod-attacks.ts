/** Out of a pod onto its node. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Outcome, outcome } from '../attack.ts';
import { idle, pathOf, podObject, probe } from './objects.ts';
import { asked, type In, inCluster, tried, unsafePod } from './tries.ts';
import type { KubernetesWorld } from './world.ts';

const root = { pod: { securityContext: { runAsUser: 0 } } };
const [hardenedContainer] = podObject('', '', idle).spec.containers;
const hostAddress = {
  env: [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } }],
};

export const podAttacks: readonly In[] = [
  unsafePod({
    name: 'runs a privileged pod, and mounts what it likes',
    ...root,
    security: { privileged: true, allowPrivilegeEscalation: true },
    script: 'mkdir /tmp/m && mount -t tmpfs mine /tmp/m && echo won',
  }),
  unsafePod({
    name: 'reads the files of the node by a hostPath',
    pod: { volumes: [{ name: 'node', hostPath: { path: '/' } }] },
    container: { volumeMounts: [{ name: 'node', mountPath: '/node', readOnly: true }] },
    script: '[ -s /node/etc/passwd ] && [ -d /node/proc ] && echo won',
  }),
  unsafePod({
    name: "is in the node's network",
    pod: { hostNetwork: true },
    container: hostAddress,
    script: 'ip -o addr | grep -q " $NODE/" && echo won',
  }),
  unsafePod({
    name: "is among the node's processes",
    pod: { hostPID: true },
    script: '[ "$$" != 1 ] && [ -d /proc/1 ] && echo won',
  }),
  unsafePod({ name: 'runs as root', ...root, script: '[ "$(id -u)" = 0 ] && echo won' }),
  unsafePod({
    name: 'asks for more capabilities',
    ...root,
    security: { capabilities: { add: ['NET_ADMIN'] } },
    // Of the capabilities' bits, the one of NET_ADMIN.
    script: `set -- $(grep ^CapEff: /proc/self/status); [ "$((0x$2 >> 12 & 1))" = 1 ] && echo won`,
  }),
  unsafePod({
    name: 'runs without a filter of system calls',
    security: { seccompProfile: { type: 'Unconfined' } },
    script: 'grep -q "^Seccomp:.0$" /proc/self/status && echo won',
  }),
  unsafePod({
    name: 'may become another user',
    security: { allowPrivilegeEscalation: true },
    script: 'grep -q "^NoNewPrivs:.0$" /proc/self/status && echo won',
  }),
  inCluster({
    name: 'has a Deployment make such a pod',
    defence: 'Pod Security `restricted` for whoever makes the pod',
    off: 'a namespace without its label',
    run: (world, signal) => deployed(world, world.mine, signal),
    control: (world, signal) => deployed(world, world.withoutPodSecurity, signal),
  }),
  asked({
    name: 'opens a debug container in a pod that runs',
    defence: 'no right on ephemeral containers',
    off: 'that right',
    run: ['trainee', 'mine'],
    control: ['granted', 'mine'],
    request: (ground) => ({
      method: 'PATCH',
      path: `${pathOf(ground, 'pods', probe)}/ephemeralcontainers`,
      body: { spec: { ephemeralContainers: [{ ...hardenedContainer, name: 'debug' }] } },
    }),
  }),
];

/** Whether a pod of a Deployment that wants the node's network was made. */
async function deployed(world: KubernetesWorld, ground: string, signal: AbortSignal): Promise<Outcome> {
  const labels = { app: 'deployed' };
  const { restartPolicy: _, ...spec } = podObject(ground, 'deployed', idle, {
    pod: { hostNetwork: true },
  }).spec;
  const body = {
    metadata: { name: 'deployed' },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
  const trainee = world.as('trainee');
  await tried(trainee, { method: 'POST', path: pathOf(ground, 'deployments'), body }, signal);
  for (;;) {
    const path = pathOf(ground, 'deployments', 'deployed');
    const { body: text } = await trainee.ask({ method: 'GET', path }, signal);
    const { status = {} } = JSON.parse(text) as { status?: { replicas?: number; conditions?: unknown } };
    if (status.replicas !== undefined && status.replicas > 0) return outcome(true, status);
    if (text.includes('violates PodSecurity')) return outcome(false, status);
    await delay(300, undefined, { signal });
  }
}
