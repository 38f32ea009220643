/**
 * A lab with two namespaces and its neighbour, on the real cluster; beside them copies of a trainee's namespace that lack
 * one defence each, and pods in the lab's that lack another. Each attack has objects of its own in them, so all may be
 * tried at once.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { V1Pod } from '@kubernetes/client-node';
import type { SandboxPlan } from '../../../src/lab/ports.ts';
import { createPodExec } from '../../../src/sandbox/kubernetes/exec/pod-exec.ts';
import { createNames } from '../../../src/sandbox/kubernetes/names.ts';
import { accountName, ownNames } from '../../../src/sandbox/kubernetes/trainee/own-names.ts';
import type { ComponentSpec, NamespaceRight } from '../../../src/templates/types.ts';
import { planFor } from '../../contracts/driver-contract-plans.ts';
import { startKubernetesDriver } from '../../support/kubernetes-driver.ts';
import { versionWith } from '../../support/versions.ts';
import {
  type Account,
  bind,
  type Client,
  clientOf,
  grant,
  moreRights,
  rightsElsewhere,
  type Who,
} from './accounts.ts';
import { copyNamespace } from './copied-namespace.ts';
import {
  egressPolicy,
  idle,
  ingressPolicy,
  loose,
  podObject,
  probe,
  secret,
  service,
  serving,
} from './objects.ts';

const rights: readonly NamespaceRight[] = [
  ...(['deploy', 'exec', 'logs', 'port-forward', 'secrets', 'jobs'] as const),
  ...(['network-policies', 'service-accounts'] as const),
];
const namespace = {
  kind: 'namespace',
  ...{ uses: ['partner'], custody: 'trainee', objects: null, rights, storage: {}, pods: 40 },
} as const satisfies ComponentSpec;
const stub = {
  kind: 'stub',
  ...{ uses: [], custody: 'platform', file: 'partner.yaml', mood: 'calm', trainee: [] },
} as const satisfies ComponentSpec;
const workspace = {
  kind: 'shell',
  ...{ uses: [], custody: 'trainee', files: null, tools: [], kubeconfig: ['production'] },
} as const satisfies ComponentSpec;

function lab(components: Readonly<Record<string, ComponentSpec>>) {
  const yaml = 'routes: [{ method: GET, path: /, answer: { status: 200, json: {} } }]\n';
  const files = new Map([['partner.yaml', new TextEncoder().encode(yaml)]]);
  return { ...versionWith('kubernetes', `hash-${Object.keys(components).join('-')}`, { components }), files };
}

/** Namespaces by what they are to the attacks. */
export interface Grounds {
  /** The attacker's two. */
  readonly mine: string;
  readonly vault: string;
  /** As `vault`, for what must not happen there. */
  readonly spare: string;
  readonly withoutPodSecurity: string;
  readonly withoutQuotas: string;
  /** The lab's own. */
  readonly control: string;
  readonly theirs: string;
  readonly theirControl: string;
}

export interface KubernetesWorld extends Grounds {
  as(who: Who): Client;
  /** With the token that pods without an account get. */
  asPodOf(namespace: string, signal: AbortSignal): Promise<Client>;
  /** Of a pod that runs: what a script prints there. */
  inPod(at: PodPlace, script: string, signal: AbortSignal): Promise<string>;
  inWorkspace(script: string, signal: AbortSignal): Promise<string>;
  /** The lab's workspace, with the agent beside it. */
  readonly workspace: PodPlace;
  /** What an account is told in a container that it enters. */
  enter(who: Who, at: PodPlace, script: string, signal: AbortSignal): Promise<string>;
  /** All that a pod prints until it ends, or until it has run for a while. */
  printed(namespace: string, name: string, signal: AbortSignal): Promise<string>;
  pod(namespace: string, name: string, signal: AbortSignal): Promise<V1Pod | null>;
  /** Where stubs answer. */
  readonly stubPort: number;
  readonly nodeAddress: string;
  /** As an operator. */
  make(object: object, signal: AbortSignal): Promise<void>;
  /** A token that was the trainee's of a lab that has ended. */
  readonly ofEnded: Client;
  stop(): Promise<void>;
}

export interface PodPlace {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export async function startKubernetesWorld(): Promise<KubernetesWorld> {
  const signal = AbortSignal.timeout(300_000);
  const subject = await startKubernetesDriver();
  try {
    return await worldOf(subject, signal);
  } catch (thrown) {
    await subject.stop();
    throw thrown;
  }
}

async function worldOf(
  subject: Awaited<ReturnType<typeof startKubernetesDriver>>,
  signal: AbortSignal,
): Promise<KubernetesWorld> {
  const { driver, test } = subject;
  const { cluster } = test;
  const exec = createPodExec(cluster.config);
  const names = createNames(test.installationId);
  const [lab1, lab2, lab3] = [
    planFor(
      'sb-attacker',
      lab({ partner: stub, bank: stub, production: namespace, vault: namespace, workspace }),
    ),
    planFor('sb-neighbour', lab({ partner: stub, production: namespace })),
    planFor('sb-ended', lab({ production: { ...namespace, uses: [] } })),
  ];
  const ensureAll = (plan: SandboxPlan) =>
    Promise.all(Object.keys(plan.components).map((component) => driver.ensure(plan, component, signal)));
  const traineeOf = (plan: SandboxPlan): Account => ({
    namespace: names.controlOf(plan.sandboxId),
    name: accountName,
  });
  const clientFor = async (account: Account, within = signal) =>
    clientOf(cluster.config, (await cluster.token(account, 3_600, within)).token);
  const namespaceOf = ({ sandboxId }: SandboxPlan, component: string) =>
    names.traineeOf({ sandboxId, component });

  async function endedClient(): Promise<Client> {
    await ensureAll(lab3);
    const client = await clientFor(traineeOf(lab3));
    await driver.destroy(lab3.sandboxId, signal);
    return client;
  }
  const [ofEnded] = await Promise.all([endedClient(), ensureAll(lab1), ensureAll(lab2)]);

  const mine = namespaceOf(lab1, 'production');
  const vault = namespaceOf(lab1, 'vault');
  const control = names.controlOf(lab1.sandboxId);
  const grounds: Grounds = {
    ...{ mine, vault, control },
    spare: `${vault}-spare`,
    withoutPodSecurity: `${vault}-free`,
    withoutQuotas: `${vault}-much`,
    theirs: namespaceOf(lab2, 'production'),
    theirControl: names.controlOf(lab2.sandboxId),
  };
  const { spare, withoutPodSecurity, withoutQuotas, theirs, theirControl } = grounds;
  await copyNamespace(cluster, vault, spare, {}, signal);
  await copyNamespace(cluster, vault, withoutPodSecurity, { podSecurity: true }, signal);
  await copyNamespace(cluster, vault, withoutQuotas, { quotas: true }, signal);

  const accounts = await makeAccounts();

  async function makeAccounts(): Promise<Readonly<Record<Who, Client>>> {
    const own = `${control}-accounts`;
    const labels = { 'labwright.dev/installation': test.installationId };
    await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: own, labels } }, signal);
    const made: Readonly<Record<Who, Account>> = {
      trainee: traineeOf(lab1),
      unruled: { namespace: own, name: 'unruled' },
      granted: { namespace: own, name: accountName },
      free: { namespace: own, name: 'free' },
    };
    const { trainee: _, ...others } = made;
    for (const metadata of Object.values(others)) {
      await cluster.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata }, signal);
    }
    const more = [made.granted, made.free];
    const works = [mine, vault, spare, withoutQuotas].flatMap((ground) => [
      bind(cluster, ground, 'others', ownNames.role, Object.values(others), signal),
      grant(cluster, ground, 'more', moreRights, more, signal),
    ]);
    const elsewhere = [control, theirs, theirControl].map((ground) =>
      grant(cluster, ground, 'more', rightsElsewhere, more, signal),
    );
    await Promise.all([...works, ...elsewhere]);
    const clients = Object.entries(made).map(async ([who, account]) => [who, await clientFor(account)]);
    return Object.fromEntries(await Promise.all(clients));
  }

  const put = (ground: string, apiVersion: string, kind: string, object: { metadata: object }) =>
    cluster.apply(
      { apiVersion, kind, ...object, metadata: { ...object.metadata, namespace: ground } },
      signal,
    );
  const policies = ['networking.k8s.io/v1', 'NetworkPolicy'] as const;
  await Promise.all([
    put(mine, ...policies, egressPolicy('loose', [{}], loose)),
    put(theirs, ...policies, ingressPolicy('open', 'open')),
    put(theirs, 'v1', 'Secret', { metadata: { name: 'secret' }, stringData: { secret } } as never),
    put(control, 'v1', 'Secret', { metadata: { name: 'passwords' }, stringData: { secret } } as never),
    ...['closed', 'open'].map((name) => put(theirs, 'v1', 'Service', service(name, name))),
    ...['closed', 'open'].map((name) => cluster.apply(podObject(theirs, name, serving(secret)), signal)),
    ...[probe, loose].map((name) => cluster.apply(podObject(mine, name, idle), signal)),
  ]);
  const started = [
    ...['closed', 'open'].map((name) => [theirs, name] as const),
    ...[probe, loose].map((name) => [mine, name] as const),
  ];
  await Promise.all(started.map(([ground, name]) => reach(ground, name, ['Running'])));

  function podOf(ground: string, name: string, within: AbortSignal): Promise<V1Pod | null> {
    return cluster.read<V1Pod>({ apiVersion: 'v1', kind: 'Pod', namespace: ground, name }, within);
  }

  async function reach(ground: string, name: string, phases: readonly string[], within = signal) {
    for (;;) {
      const phase = (await podOf(ground, name, within))?.status?.phase ?? '';
      if (phases.includes(phase)) return;
      await delay(300, undefined, { signal: within });
    }
  }

  async function run(
    with_: ReturnType<typeof createPodExec>,
    at: PodPlace,
    script: string,
    within: AbortSignal,
  ) {
    const program = await with_.open(at, ['sh', '-c', script], { stdin: false }, within);
    let text = '';
    program.onError((bytes) => {
      text += bytes.toString();
    });
    for await (const bytes of program.stream) text += String(bytes);
    return text;
  }

  const { pod: workspacePod } = await subject.podOf(lab1.sandboxId, 'workspace');
  const partner = driver.access(lab1, 'partner');
  if (partner.kind !== 'stub') throw new Error(`partner is a ${partner.kind}`);
  return {
    ...grounds,
    ofEnded,
    stubPort: partner.port,
    nodeAddress: (await podOf(mine, probe, signal))?.status?.hostIP ?? '',
    workspace: { namespace: control, pod: workspacePod, container: 'agent' },
    as: (who) => accounts[who],
    asPodOf: (ground, within) => clientFor({ namespace: ground, name: 'default' }, within),
    inPod: (at, script, within) => run(exec, at, script, within),
    async inWorkspace(script, within) {
      const limits = { timeoutMs: 30_000, maxBytes: 100_000 };
      const argv = ['sh', '-c', script];
      const { stdout, stderr } = await driver.exec(lab1, 'workspace', argv, limits, within);
      return stdout + stderr;
    },
    enter: (who, at, script, within) => run(createPodExec(accounts[who].config), at, script, within),
    async printed(ground, name, within) {
      await reach(ground, name, ['Succeeded', 'Failed'], within);
      return cluster.podLog({ namespace: ground, pod: name, container: 'main' }, {}, within);
    },
    pod: podOf,
    make: async (object, within) => void (await cluster.apply(object, within)),
    stop: () => subject.stop(),
  };
}
