/** Namespaces of trainees in the real cluster, and what a trainee's own client does there. */
import { randomBytes } from 'node:crypto';
import { KubeConfig } from '@kubernetes/client-node';
import { createFiller } from '../../../src/grading/values/fill.ts';
import type { SandboxPlan } from '../../../src/lab/ports.ts';
import { createEnvironments } from '../../../src/sandbox/environment.ts';
import { createCluster, type OwnCluster } from '../../../src/sandbox/kubernetes/client.ts';
import { createPodDial } from '../../../src/sandbox/kubernetes/dial/pod-dial.ts';
import { createPodExec } from '../../../src/sandbox/kubernetes/exec/pod-exec.ts';
import { createSpaces } from '../../../src/sandbox/kubernetes/spaces.ts';
import {
  createTrainee,
  type Trainee,
  type TraineeNeeds,
} from '../../../src/sandbox/kubernetes/trainee/trainee.ts';
import type { Spaces } from '../../../src/sandbox/kubernetes/types.ts';
import { type Piece, pieceOfKind } from '../../../src/sandbox/part.ts';
import type { NamespaceComponent } from '../../../src/templates/types.ts';
import { ensureClusterImages } from '../../support/cluster-images.ts';
import { startTestCluster, type TestCluster } from '../../support/kubernetes.ts';
import { versionWith } from '../../support/versions.ts';

/** A folder of the node that tests may put volumes into. */
const hostVolumes = '/var/tmp/labwright-test-volumes';

export interface TraineeWorld extends TestCluster {
  readonly spaces: Spaces;
  readonly trainee: Trainee;
  another(own: Partial<TraineeNeeds>): Trainee;
  /** A lab of these namespaces, with an id of its own. */
  plan(
    components: Readonly<Record<string, Partial<NamespaceComponent>>>,
    files?: Readonly<Record<string, string>>,
    more?: Partial<SandboxPlan>,
  ): SandboxPlan;
  piece(plan: SandboxPlan, component: string): Piece<NamespaceComponent>;
  /** With the trainee's kubeconfig, as kubectl would. */
  client(plan: SandboxPlan, component: string): Promise<OwnCluster>;
}

export const soon = () => AbortSignal.timeout(120_000);

/** Give the hook `imagesTimeoutMs`. */
export async function startTraineeWorld(): Promise<TraineeWorld> {
  const images = await ensureClusterImages();
  const world = startTestCluster();
  const { cluster, installationId } = world;
  const spaces = createSpaces({ cluster, installationId, own: null });
  const podOf = async () => null;
  const environments = createEnvironments(
    async () => {},
    (plan, component) =>
      plan.components[component]?.spec.kind === 'namespace'
        ? trainee.part.access(piece(plan, component))
        : { kind: 'service', url: `http://${component}`, host: component, port: 80 },
    (scope) => createFiller(scope, { missing: 'throw' }),
  );
  const needs: TraineeNeeds = {
    ...{ installationId, cluster, spaces, environments, own: null, apiUrl: null },
    exec: createPodExec(cluster.config),
    dial: createPodDial({ config: cluster.config, way: 'port-forward', podOf }),
    images,
    storageClass: null,
    hostVolumes,
  };
  const trainee = createTrainee(needs);
  const piece = (plan: SandboxPlan, component: string) =>
    pieceOfKind(plan, component, 'namespace', 'objects of a cluster');

  return {
    ...world,
    ...{ spaces, trainee, piece },
    another: (own) => createTrainee({ ...needs, ...own }),
    plan(components, files = {}, more = {}) {
      const specs = Object.entries(components).map(([name, own]) => [name, namespaceSpec(own)] as const);
      const version = versionWith('small', 'hash', { components: Object.fromEntries(specs) });
      const bytes = Object.entries(files).map(([path, text]) => [path, Buffer.from(text)] as const);
      return {
        sandboxId: `sbx-${randomBytes(5).toString('hex')}`,
        version: { ...version, files: new Map(bytes) },
        components: Object.fromEntries(specs.map(([name, spec]) => [name, { name, spec, generation: 1 }])),
        ...{ params: {}, origin: null, variation: null },
        ...more,
      };
    },
    async client(plan, component) {
      const until = new Date(Date.now() + 3_600_000);
      const { text } = await trainee.namespaces.kubeconfig(plan, [component], 'outside', until, soon());
      const config = new KubeConfig();
      config.loadFromString(text);
      return createCluster(config);
    },
    async stop() {
      trainee.close();
      await world.stop();
    },
  };
}

export function namespaceSpec(own: Partial<NamespaceComponent>): NamespaceComponent {
  return {
    kind: 'namespace',
    ...{ uses: [], custody: 'platform', objects: null, rights: ['view'], storage: {}, pods: 10 },
    ...own,
  };
}

/** The same plan with a component at a higher generation. */
export function reset(plan: SandboxPlan, component: string): SandboxPlan {
  const before = plan.components[component];
  if (before === undefined) throw new Error(`no component ${component}`);
  const after = { ...before, generation: before.generation + 1 };
  return { ...plan, components: { ...plan.components, [component]: after } };
}

const hardened = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

/** A pod's own words, as `restricted` asks for them. */
export function podSpec(command: readonly string[], more: object = {}) {
  return {
    terminationGracePeriodSeconds: 0,
    securityContext: { runAsNonRoot: true, runAsUser: 1000 },
    containers: [
      {
        name: 'main',
        image: 'busybox:1',
        imagePullPolicy: 'IfNotPresent',
        command,
        securityContext: hardened,
      },
    ],
    ...more,
  };
}

/** A web server that says `text`, with a Service on port 80. */
export function webObjects(name: string, text: string, replicas = 1): readonly object[] {
  const labels = { app: name };
  const serve = `mkdir /tmp/w && echo ${text} > /tmp/w/index.html && exec httpd -f -p 8080 -h /tmp/w`;
  const spec = podSpec(['sh', '-c', serve]);
  const containers = spec.containers.map((one) => ({
    ...one,
    ports: [{ name: 'web', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/', port: 'web' }, periodSeconds: 1 },
  }));
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { ...spec, containers } },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'web' }] },
    },
  ];
}

export const yamlOf = (objects: readonly object[]) =>
  objects.map((object) => JSON.stringify(object)).join('\n---\n');
