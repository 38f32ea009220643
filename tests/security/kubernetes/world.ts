/**
 * A lab with two namespaces and its neighbour, on the real cluster; beside them copies of a trainee's namespace that lack
 * one defence each, and pods in the lab's that lack another. Each attack has objects of its own in them, so all may be
 * tried at once.
 */
import type { SandboxPlan } from '../../../src/lab/ports.ts';
import { createPodExec } from '../../../src/sandbox/kubernetes/exec/pod-exec.ts';
import { createNames } from '../../../src/sandbox/kubernetes/names.ts';
import { accountName } from '../../../src/sandbox/kubernetes/trainee/own-names.ts';
import { type KubernetesSubject, startKubernetesDriver } from '../../support/kubernetes-driver.ts';
import { type Account, type Client, clientOf, type Who } from './accounts.ts';
import { furnish } from './furnish.ts';
import { type Grounds, makeGrounds } from './grounds.ts';
import { attackerLab, endedLab, neighbourLab } from './labs.ts';
import { makeAccounts } from './make-accounts.ts';
import { probe } from './objects.ts';
import { createPods, type PodPlace, printedBy } from './pods.ts';

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
  /** All that a pod has printed when it has ended. */
  printed(namespace: string, name: string, signal: AbortSignal): Promise<string>;
  /** Where stubs answer. */
  readonly stubPort: number;
  readonly nodeAddress: string;
  readonly workspaceImage: string;
  /** As an operator. */
  make(object: object, signal: AbortSignal): Promise<void>;
  /** A token that was the trainee's of a lab that has ended. */
  readonly ofEnded: Client;
  stop(): Promise<void>;
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

async function worldOf(subject: KubernetesSubject, signal: AbortSignal): Promise<KubernetesWorld> {
  const { driver, test } = subject;
  const { cluster, installationId } = test;
  const names = createNames(installationId);
  const mine = attackerLab();
  const ensureAll = (plan: SandboxPlan) =>
    Promise.all(Object.keys(plan.components).map((component) => driver.ensure(plan, component, signal)));
  const traineeOf = ({ sandboxId }: SandboxPlan): Account => ({
    namespace: names.controlOf(sandboxId),
    name: accountName,
  });
  const clientFor = async (account: Account, within = signal) =>
    clientOf(cluster.config, (await cluster.token(account, 3_600, within)).token);

  async function endedClient(): Promise<Client> {
    const plan = endedLab();
    await ensureAll(plan);
    const client = await clientFor(traineeOf(plan));
    await driver.destroy(plan.sandboxId, signal);
    return client;
  }
  const [ofEnded] = await Promise.all([endedClient(), ensureAll(mine), ensureAll(neighbourLab())]);
  const grounds = await makeGrounds(cluster, installationId, signal);
  const made = await makeAccounts({ cluster, installationId, grounds, trainee: traineeOf(mine) }, signal);
  const clients = Object.entries(made).map(async ([who, one]) => [who, await clientFor(one)] as const);
  const accounts = Object.fromEntries(await Promise.all(clients)) as Readonly<Record<Who, Client>>;
  const pods = createPods(cluster);
  await furnish({ cluster, grounds, pods }, signal);

  const { pod } = await subject.podOf(mine.sandboxId, 'workspace');
  const partner = driver.access(mine, 'partner');
  if (partner.kind !== 'stub') throw new Error(`partner is a ${partner.kind}`);
  const [node, shell] = await Promise.all([
    pods.find(grounds.mine, probe, signal),
    pods.find(grounds.control, pod, signal),
  ]);
  return {
    ...grounds,
    ofEnded,
    stubPort: partner.port,
    nodeAddress: node?.status?.hostIP ?? '',
    workspaceImage: shell?.spec?.containers.find(({ name }) => name === 'main')?.image ?? '',
    workspace: { namespace: grounds.control, pod, container: 'agent' },
    as: (who) => accounts[who],
    asPodOf: (ground, within) => clientFor({ namespace: ground, name: 'default' }, within),
    inPod: pods.run,
    enter: (who, at, script, within) => printedBy(createPodExec(accounts[who].config), at, script, within),
    async inWorkspace(script, within) {
      const limits = { timeoutMs: 30_000, maxBytes: 100_000 };
      const argv = ['sh', '-c', script];
      const { stdout, stderr } = await driver.exec(mine, 'workspace', argv, limits, within);
      return stdout + stderr;
    },
    printed: pods.printed,
    make: async (object, within) => void (await cluster.apply(object, within)),
    stop: () => subject.stop(),
  };
}
