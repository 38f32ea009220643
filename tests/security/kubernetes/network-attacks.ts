/** Out of a trainee's pods, by network. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Outcome } from '../attack.ts';
import { egressPolicy, loose, podObject, probe, secret } from './objects.ts';
import { type About, type In, inCluster, won } from './tries.ts';
import type { KubernetesWorld } from './world.ts';

type Where = (world: KubernetesWorld) => string | Promise<string>;

const within = (world: KubernetesWorld, pod: string, script: string, signal: AbortSignal) =>
  world.inPod({ namespace: world.mine, pod, container: 'main' }, script, signal);

/** Connected is enough: `true` is run once it is. */
const connects = (at: string) => `nc -w 5 ${at} -e /bin/true && echo won`;
const reads = (url: string, text: string) => `wget -q -T 5 -O - ${url} | grep -q '${text}' && echo won`;

const tcp = (address: string) => `timeout 6 bash -c ': < /dev/tcp/${address}/10250' && echo won`;

interface Reaching extends About {
  readonly from: readonly [run: string, control: string];
  readonly script: Where;
  /** Of the control; absent: the same. */
  readonly other?: Where;
}

function reaching({ from: [first, second], script, other = script, ...about }: Reaching): In {
  const judged = async (world: KubernetesWorld, pod: string, where: Where, signal: AbortSignal) =>
    won(await within(world, pod, `${await where(world)} 2>&1`, signal));
  return inCluster({
    ...about,
    run: (world, signal) => judged(world, first, script, signal),
    // Nodes learn of Services and policies when they do.
    async control(world, signal) {
      for (let tries = 0; ; tries++) {
        const seen = await judged(world, second, other, signal);
        if (seen.succeeded || tries >= 20) return seen;
        await delay(500, undefined, { signal });
      }
    },
  });
}

const closed = {
  defence: 'policies that let nothing out of the namespace',
  off: 'one that lets this pod out',
  from: [probe, loose],
} as const;

export const networkAttacks: readonly In[] = [
  reaching({
    name: "asks the neighbour's Service, which lets everybody in",
    ...closed,
    script: ({ theirs }) => reads(`http://open.${theirs}.svc`, secret),
  }),
  reaching({
    name: "asks the neighbour's Service, out of a pod that is let out",
    defence: 'policies that let nothing into a namespace of another lab',
    off: 'one that lets everybody in',
    from: [loose, loose],
    script: ({ theirs }) => reads(`http://closed.${theirs}.svc`, secret),
    other: ({ theirs }) => reads(`http://open.${theirs}.svc`, secret),
  }),
  reaching({
    name: 'asks a component of the lab that its namespace does not use, out of a pod that is let out',
    defence: "policies of the lab's own namespace",
    off: 'a component that it uses',
    from: [loose, loose],
    script: ({ control, stubPort }) => connects(`bank.${control}.svc ${stubPort}`),
    other: ({ control, stubPort }) => connects(`partner.${control}.svc ${stubPort}`),
  }),
  reaching({
    name: "connects to the cluster's API from a pod",
    ...closed,
    script: () => connects('$KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT'),
  }),
  reaching({
    name: "connects to the node's kubelet",
    ...closed,
    script: async ({ nodeAddress }) => connects(`${nodeAddress} 10250`),
  }),
  reaching({
    name: "sends to the cloud's metadata address",
    ...closed,
    // Anything but silence came from beyond the policies, also where nobody has that address.
    script: () =>
      `said=$(nc -w 10 169.254.169.254 80 -e /bin/true 2>&1); case "$said" in *"timed out"*) echo "$said";; *) echo won;; esac`,
  }),
  inCluster({
    name: "connects to the node's kubelet from its workspace, which may ask the cluster's API",
    defence: "a policy that opens the API's port alone",
    off: 'a pod like it in the same place that is let out',
    run: async (world, signal) => won(await world.inWorkspace(tcp(world.nodeAddress), signal)),
    async control(world, signal) {
      const { control, workspaceImage: image } = world;
      const policy = egressPolicy('outside', [{}], 'outside');
      const kind = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' };
      await world.make({ ...kind, ...policy, metadata: { ...policy.metadata, namespace: control } }, signal);
      const script = `for n in 1 2 3 4 5; do ${tcp(world.nodeAddress)} && exit; sleep 1; done`;
      await world.make(podObject(control, 'outside', script, { container: { image } }), signal);
      return won(await world.printed(control, 'outside', signal));
    },
  }),
  inCluster({
    name: 'finds the agent beside its workspace by the network that they share',
    defence: 'the agent listens nowhere: it has only the pipes that Labwright holds',
    off: 'a pod with one beside that listens',
    async run(world, signal) {
      const seen = await world.inWorkspace(listening, signal);
      if (!seen.includes('looked')) throw new Error(`nothing could be looked at: ${seen}`);
      return won(seen);
    },
    control: (world, signal) => besideListener(world, signal),
  }),
];

/** Sockets that listen (state 0A), in the network of all containers of the pod. */
const listening = `[ -r /proc/net/tcp ] || exit 1
grep -q ': [0-9A-F]*:[0-9A-F]* [0-9A-F]*:[0-9A-F]* 0A ' /proc/net/tcp /proc/net/tcp6 && echo won; echo looked`;

async function besideListener(world: KubernetesWorld, signal: AbortSignal): Promise<Outcome> {
  const one = podObject(world.spare, 'listened', 'exec sleep 3600');
  const [main] = one.spec.containers;
  const beside = { ...main, name: 'agent', command: ['nc', '-ll', '-p', '4567', '-e', '/bin/true'] };
  await world.make({ ...one, spec: { ...one.spec, containers: [main, beside] } }, signal);
  const at = { namespace: world.spare, pod: 'listened', container: 'main' };
  // Until it has started.
  for (;;) {
    const seen = await world.inPod(at, listening, signal).catch(() => '');
    if (seen.includes('won')) return won(seen);
    await delay(300, undefined, { signal });
  }
}
