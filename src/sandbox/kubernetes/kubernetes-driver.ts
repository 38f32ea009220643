/**
 * The `kubernetes` backend: each component of a lab is a pod in a namespace of the lab's own, which no policy lets out.
 * Hostile trainees are held apart by the kernel and the cluster. Everything is found again by its labels, so nothing is
 * kept here: any number of Labwright processes may use one cluster, and one that is killed leaves nothing that another
 * cannot go on with.
 */
import type { V1Pod } from '@kubernetes/client-node';
import { needsOf } from '../../lab/personal.ts';
import type { SandboxDriver, SandboxPlan } from '../../lab/ports.ts';
import { createLabComponents, gatewayPlan } from '../containers/lab-components.ts';
import { createDatabasePart } from '../containers/postgres/postgres-part.ts';
import { createPreparedDatabases } from '../containers/postgres/prepared-databases.ts';
import { createTurns } from '../containers/postgres/turns.ts';
import { createProgramParts } from '../containers/programs/program-parts.ts';
import { createGatewaySources } from '../containers/sources.ts';
import { createEnvironments } from '../environment.ts';
import { createWorkspaceContents } from '../files/workspace-contents.ts';
import { createInFlight } from '../in-flight.ts';
import { createNaming } from '../naming.ts';
import { type Parts, pieceOfKind } from '../part.ts';
import { createBelongings } from './belongings.ts';
import { createCluster } from './client.ts';
import { loadKubeConfig } from './client-config.ts';
import { createPodDial } from './dial/pod-dial.ts';
import { createPodExec } from './exec/pod-exec.ts';
import { createNames } from './names.ts';
import type { KubernetesDriverOptions } from './options.ts';
import { createPodCache } from './pod-cache.ts';
import { createPodContainers } from './pods/pod-containers.ts';
import { controlPolicies } from './policies.ts';
import { createPreparedPods } from './postgres/prepared-pods.ts';
import { createServerPods } from './postgres/server-pods.ts';
import { createSpaces } from './spaces.ts';
import { createFences } from './spaces-fences.ts';
import { createTrainee } from './trainee/trainee.ts';
import { isGatewayGone } from './workspace/agents.ts';
import { createGateways } from './workspace/gateways.ts';
import { kubeconfigEnv } from './workspace/kubeconfigs.ts';
import { createShellPart } from './workspace/shell-part.ts';

export interface KubernetesDriver extends SandboxDriver {
  /** Looks at the cluster now. Throws LabError `backend_unavailable` with what is wrong with it. */
  check(signal: AbortSignal): Promise<void>;
}

/** Prepared databases that nobody needs now but may soon again, such as after an edit that is taken back. */
const unneededKept = 2;

/** Who deletes what keeps labs apart is an operator of the cluster: it is a mistake, and made good in good time. */
const fencesEveryMs = 60_000;
/** An end may not wait for a cluster that is away. */
const leaveWithinMs = 10_000;
const unnamed = 'Its Service was deleted.';

/** Connects in the background; makes nothing before it is asked to. Throws LabError where the kubeconfig is unusable. */
export function createKubernetesDriver(options: KubernetesDriverOptions): KubernetesDriver {
  const { installationId, secrets, images, own, storageClass, runtimeClass, log } = options;
  const naming = createNaming(installationId);
  const config = loadKubeConfig(options);
  const cluster = createCluster(config, () => loadKubeConfig(options, config));
  const spaces = createSpaces({ cluster, installationId, own });
  const cache = createPodCache({ cluster, installationId, log });
  const exec = createPodExec(config);
  const isDirect = options.dial === 'direct' || (options.dial === 'auto' && own !== null);
  const dial = createPodDial({
    config,
    way: isDirect ? 'direct' : 'port-forward',
    podOf: async (namespace, name, signal) => {
      const pods = await cache.of(namespace, signal);
      const known = pods.find(({ metadata }) => metadata?.name === name);
      // Those of trainees are not ours to watch.
      return known ?? cluster.read<V1Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, name }, signal);
    },
  });
  const containers = createPodContainers({
    ...{ cluster, cache, spaces, exec, installationId, storageClass, runtimeClass, log },
    packed: (sandboxId, shell, signal) => gateways.packed(sandboxId, shell, signal),
  });
  const gateways = createGateways({ dial, cache, spaces, exec, log });
  const belongings = createBelongings(cluster, installationId);
  const contents = createWorkspaceContents(options.sampleApi.folder);
  const inFlight = createInFlight();
  const closing = new AbortController();
  const environments = createEnvironments(async () => {}, access, options.fill);
  const sources = createGatewaySources(gateways);

  const preparedPods = createPreparedPods({ cluster, exec, spaces, installationId, images });
  const { sampleApi } = options;
  const prepared = createPreparedDatabases({
    ...{ store: preparedPods, naming, sampleApi, backend: 'kubernetes', log },
  });
  const turns = createTurns();
  const servers = createServerPods({
    ...{ cluster, spaces, containers, pods: preparedPods, prepared, turns, images },
  });

  const shared = { containers, gateways, openGateway, secrets, images };
  const postgres = createDatabasePart({ ...shared, servers, turns, naming });
  const trainee = createTrainee({
    ...{ installationId, cluster, spaces, exec, dial, environments, images, own, storageClass },
    ...{ apiUrl: options.apiUrl, hostVolumes: options.hostVolumes },
  });
  const shell = createShellPart({ ...shared, contents, kubeconfig: trainee.namespaces.kubeconfig });
  const programs = createProgramParts({
    ...{ ...shared, sources, contents, inFlight, environments, databases: postgres, access },
    ensureWorkspace: (plan, name, signal) => components.ensure(plan, name, signal),
    workspaceVolume: (_, name) => name,
    // Nodes may pull it: making the lab tells.
    missingImage: () => null,
    closing: closing.signal,
  });
  const parts = { postgres, shell, namespace: trainee.part, ...programs.parts } satisfies Parts;
  const components = createLabComponents({
    ...{ parts, containers, gateways, environments, inFlight, filesChanged: programs.filesChanged },
    isGatewayGone,
    shellEnv: kubeconfigEnv,
    rest: async () => {},
  });

  const names = createNames(installationId);
  const fences = createFences({
    ...{ cluster, spaces, installationId, everyMs: options.fencesEveryMs ?? fencesEveryMs },
    policiesOf: (plan) => {
      const policies = controlPolicies(plan, { installationId, names, own, apiServers: [] });
      return policies.map(({ metadata }) => metadata.name ?? '');
    },
  });

  function access(plan: SandboxPlan, component: string) {
    return components.access(plan, component);
  }

  async function openGateway(plan: SandboxPlan, signal: AbortSignal): Promise<void> {
    await spaces.ensure(plan, signal);
    await gateways.ensure(gatewayPlan(plan), signal);
  }

  /** A pod takes as long to start as the database that its program waits for: they start side by side. */
  function beginUsersOf(used: string, plan: SandboxPlan, signal: AbortSignal): void {
    const isDrawn = (name: string) =>
      plan.params !== null || !needsOf(plan.version.template.components).personal.has(name);
    for (const [name, { spec }] of Object.entries(plan.components)) {
      if (spec.kind !== 'sample-api' || spec.database !== used || !isDrawn(name)) continue;
      const piece = pieceOfKind(plan, name, 'sample-api', 'program');
      const work = async () => {
        await openGateway(plan, signal);
        await parts['sample-api'].early(piece, signal);
      };
      inFlight
        .ensure(plan.sandboxId, name, `early/${piece.ref.generation}`, work, signal)
        // Whoever ensures it says what is wrong.
        .catch((err) => log.debug({ backend: 'kubernetes', err }, 'A pod could not be begun early.'));
    }
  }

  function forget(sandboxId: string): void {
    fences.forget(sandboxId);
    sources.forget(sandboxId);
    gateways.forget(sandboxId);
  }

  return {
    ...components,
    name: 'kubernetes',
    capabilities: { isolation: true },
    namespaces: trainee.namespaces,
    async check(signal) {
      await cluster.get('/version', signal);
    },
    prepare: prepared.prepare,
    async ensure(plan, component, signal) {
      beginUsersOf(component, plan, signal);
      await components.ensure(plan, component, signal);
      await fences.restore(plan, component, signal);
    },
    async observe(plan, signal) {
      const seen = await components.observe(plan, signal);
      const serving = Object.entries(seen.components).filter(([, { state }]) => state === 'running');
      if (serving.length === 0) return seen;
      const names = serving.map(([name]) => name);
      const gone = await fences.look(plan, names, signal);
      const lost = serving
        .filter(([name]) => gone.includes(name))
        .map(([name, one]) => [name, { ...one, state: 'broken', detail: unnamed }] as const);
      return { components: { ...seen.components, ...Object.fromEntries(lost) } };
    },
    async dial(plan, component, signal, port = 'main') {
      if (typeof port === 'object') return trainee.dial(plan, component, port, signal);
      return components.dial(plan, component, signal, port);
    },
    destroy: (sandboxId, signal) =>
      inFlight.destroy(sandboxId, async () => {
        forget(sandboxId);
        postgres.forget(sandboxId);
        const namespaces = await belongings.namespacesOf(sandboxId, signal);
        const names = namespaces.map(({ metadata }) => metadata?.name ?? '');
        trainee.forget(sandboxId, names);
        await belongings.remove(sandboxId, signal);
        await trainee.remove(sandboxId, signal);
        // A look that was under way may have begun to follow it again.
        forget(sandboxId);
      }),
    list: belongings.list,
    onTrouble: cache.onTrouble,
    prune: (needed, signal) => prepared.prune(needed, unneededKept, signal),
    async close() {
      closing.abort();
      sources.close();
      await inFlight.settled();
      await components.close();
      gateways.close();
      trainee.close();
      await cache.close();
      try {
        if (options.transient === true) await belongings.removeShared(AbortSignal.timeout(leaveWithinMs));
      } finally {
        cluster.close();
      }
    },
  };
}
