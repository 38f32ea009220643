/** What a trainee may do in the real cluster and what not, each tried with their own token. */
import { type RequestOptions, request } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabError } from '../../../src/lab/errors.ts';
import type { SandboxPlan } from '../../../src/lab/ports.ts';
import { createCluster, type OwnCluster } from '../../../src/sandbox/kubernetes/client.ts';
import { currentCluster, withToken } from '../../../src/sandbox/kubernetes/client-config.ts';
import { portForward } from '../../../src/sandbox/kubernetes/dial/port-forward.ts';
import { statusOf } from '../../../src/sandbox/kubernetes/errors.ts';
import { createPodExec } from '../../../src/sandbox/kubernetes/exec/pod-exec.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { kubernetesMissing, requireKubernetes } from '../../support/kubernetes.ts';
import { podSpec, soon, startTraineeWorld, type TraineeWorld, webObjects, yamlOf } from './trainee-world.ts';

describe('rights of trainees', () => {
  requireKubernetes();
});

type Object = { readonly metadata: { readonly name: string } } & Record<string, unknown>;

describe.skipIf(kubernetesMissing !== null)('a trainee', { timeout: 120_000 }, () => {
  let world: TraineeWorld;
  let plan: SandboxPlan;
  let others: SandboxPlan;
  /** With every right that there is. */
  let client: OwnCluster;
  /** With none but to look. */
  let viewer: OwnCluster;
  let mine: string;
  let theirs: string;
  let control: string;
  let pod: string;

  beforeAll(async () => {
    world = await startTraineeWorld();
    plan = world.plan(
      {
        production: {
          objects: 'objects/',
          rights: [
            ...([
              'view',
              'deploy',
              'exec',
              'logs',
              'port-forward',
              'read-secrets',
              'secrets',
              'jobs',
            ] as const),
            ...(['pvc', 'autoscale', 'network-policies', 'service-accounts'] as const),
          ],
        },
      },
      { 'objects/web.yaml': yamlOf(webObjects('web', 'mine')) },
    );
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'secret' }, stringData: { a: 'b' } };
    const probe = {
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'probe' } },
      spec: podSpec(['sleep', '3600']),
    };
    others = world.plan(
      { production: { objects: 'objects/' }, vault: { objects: 'vault/' } },
      {
        'objects/all.yaml': yamlOf([secret, probe, ...webObjects('web', 'own')]),
        'vault/web.yaml': yamlOf(webObjects('web', 'vault')),
      },
    );
    await Promise.all([
      world.trainee.part.ensure(world.piece(plan, 'production'), soon()),
      ...['production', 'vault'].map((name) => world.trainee.part.ensure(world.piece(others, name), soon())),
    ]);
    client = await world.client(plan, 'production');
    viewer = await world.client(others, 'production');
    const nameOf = ({ sandboxId }: SandboxPlan) =>
      world.spaces.traineeOf({ sandboxId, component: 'production' });
    [mine, theirs, control] = [nameOf(plan), nameOf(others), world.spaces.controlOf(plan.sandboxId)];
    const found = await world.trainee.namespaces.list(
      plan,
      'production',
      { apiVersion: 'v1', kind: 'Pod', selector: 'app=web', limit: 5 },
      soon(),
    );
    pod = (found[0] as unknown as Object).metadata.name;
  }, imagesTimeoutMs);
  afterAll(() => world?.stop(), 240_000);

  const of = (apiVersion: string, kind: string, name: string, namespace = mine) => ({
    ...{ apiVersion, kind, name, namespace },
  });
  const object = (apiVersion: string, kind: string, name: string, more: object, namespace = mine) => ({
    ...{ apiVersion, kind, metadata: { name, namespace } },
    ...more,
  });
  const post = async (path: string, body: object, who = client): Promise<number> => {
    const options: RequestOptions = {};
    await who.config.applyToHTTPSOptions(options);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const sent = request(new URL(path, currentCluster(who.config).server), {
      ...options,
      method: 'POST',
      headers: { ...options.headers, 'content-type': 'application/json' },
    });
    sent.once('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.once('error', reject);
    sent.end(JSON.stringify(body));
    return promise;
  };

  /** 403, whoever says it: rights or admission. */
  async function isDenied(work: Promise<unknown>): Promise<void> {
    const outcome = await work.then(
      () => 'it was let through',
      (thrown: unknown) => (thrown instanceof LabError ? statusOf(thrown) : thrown),
    );
    expect(outcome).toBe(403);
  }

  describe('may', () => {
    it('deploy, scale, roll, and delete its own pods', async () => {
      const [deployment] = webObjects('shop', 'shop') as [Object];
      await client.apply({ ...deployment, metadata: { name: 'shop', namespace: mine } }, soon());
      const shop = of('apps/v1', 'Deployment', 'shop');
      await client.patch(shop, { spec: { replicas: 2 } }, { type: 'merge', subresource: 'scale' }, soon());
      const annotations = { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() };
      const restart = { spec: { template: { metadata: { annotations } } } };
      await client.patch(shop, restart, { type: 'strategic' }, soon());
      const pods = { apiVersion: 'v1', kind: 'Pod', namespace: mine, selector: 'app=shop' };
      let one: Object | undefined;
      await expect
        .poll(async () => {
          [one] = await client.list<Object>(pods, soon());
          return one;
        })
        .toBeDefined();
      await client.remove(of('v1', 'Pod', one?.metadata.name ?? ''), {}, soon());
      await client.remove(shop, {}, soon());
    });

    it('enter its pods and forward their ports', async () => {
      const program = await createPodExec(client.config).open(
        { namespace: mine, pod, container: 'main' },
        ['id', '-u'],
        { stdin: false },
        soon(),
      );
      let text = '';
      for await (const bytes of program.stream) text += bytes;
      expect(text).toBe('1000\n');
      const stream = await portForward(client.config, { namespace: mine, pod, port: 8080 }, soon());
      stream.destroy();
    });

    it.each([
      ['v1', 'ConfigMap', { data: { a: 'b' } }],
      ['v1', 'Secret', { stringData: { a: 'b' } }],
      ['v1', 'ServiceAccount', {}],
      ['batch/v1', 'Job', { spec: { template: { spec: podSpec(['true'], { restartPolicy: 'Never' }) } } }],
      ['networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: {}, policyTypes: ['Ingress'] } }],
      [
        'policy/v1',
        'PodDisruptionBudget',
        { spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } } },
      ],
      [
        'v1',
        'PersistentVolumeClaim',
        { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } } },
      ],
      [
        'autoscaling/v2',
        'HorizontalPodAutoscaler',
        {
          spec: {
            maxReplicas: 3,
            scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
          },
        },
      ],
    ])('make, look at and remove its own %s %s', async (apiVersion, kind, more) => {
      await client.apply(object(apiVersion, kind, 'own', more), soon());
      await expect(client.read(of(apiVersion, kind, 'own'), soon())).resolves.toMatchObject({ kind });
      await client.remove(of(apiVersion, kind, 'own'), {}, soon());
    });

    it('look at its quota, its limits, its policies and its namespace', async () => {
      const quota = await client.read(of('v1', 'ResourceQuota', 'labwright-quota'), soon());
      expect(quota).toMatchObject({ spec: { hard: { pods: '10' } } });
      await expect(client.read(of('v1', 'LimitRange', 'labwright-limits'), soon())).resolves.not.toBeNull();
      const deny = of('networking.k8s.io/v1', 'NetworkPolicy', 'labwright-deny');
      await expect(client.read(deny, soon())).resolves.not.toBeNull();
      await expect(
        client.read({ apiVersion: 'v1', kind: 'Namespace', name: mine }, soon()),
      ).resolves.not.toBeNull();
    });

    it('change what opens its namespace, and let its pods out to those of the lab', async () => {
      const kind = ['networking.k8s.io/v1', 'NetworkPolicy'] as const;
      await client.remove(of(...kind, 'within'), {}, soon());
      const named = (name: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });
      const to = [
        { podSelector: { matchLabels: { app: 'db' } } },
        { namespaceSelector: named(mine) },
        { namespaceSelector: named('kube-system'), podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } },
      ];
      const spec = { podSelector: {}, policyTypes: ['Egress'], egress: [{ to }] };
      await client.apply(object(...kind, 'mine', { spec }), soon());
    });
  });

  describe('may not', () => {
    const pods = (spec: object) =>
      object('v1', 'Pod', 'bad', { spec: { ...podSpec(['sleep', '60']), ...spec } });
    const container = (securityContext: object) => ({
      containers: podSpec(['sleep', '60']).containers.map((one) => ({
        ...one,
        securityContext: { ...one.securityContext, ...securityContext },
      })),
    });

    it('delete or change its namespace, nor make another', async () => {
      const own = { apiVersion: 'v1', kind: 'Namespace', name: mine };
      await isDenied(client.remove(own, {}, soon()));
      const labels = { 'pod-security.kubernetes.io/enforce': 'privileged' };
      await isDenied(client.patch(own, { metadata: { labels } }, { type: 'merge' }, soon()));
      await isDenied(
        client.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'free' } }, soon()),
      );
    });

    it('change its quota or its limits, or add to them', async () => {
      const hard = { spec: { hard: { pods: '500' } } };
      await isDenied(
        client.patch(of('v1', 'ResourceQuota', 'labwright-quota'), hard, { type: 'merge' }, soon()),
      );
      await isDenied(client.remove(of('v1', 'ResourceQuota', 'labwright-quota'), {}, soon()));
      await isDenied(client.apply(object('v1', 'ResourceQuota', 'more', hard), soon()));
      await isDenied(client.remove(of('v1', 'LimitRange', 'labwright-limits'), {}, soon()));
    });

    it('give itself rights: no roles, no bindings, no token of another, nobody else’s name', async () => {
      const rbac = 'rbac.authorization.k8s.io';
      const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
      await isDenied(client.apply(object(`${rbac}/v1`, 'Role', 'all', { rules }), soon()));
      await isDenied(client.remove(of(`${rbac}/v1`, 'Role', 'labwright-trainee'), {}, soon()));
      const roleRef = { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' };
      const subjects = [{ kind: 'ServiceAccount', name: 'default', namespace: mine }];
      await isDenied(client.apply(object(`${rbac}/v1`, 'RoleBinding', 'all', { roleRef, subjects }), soon()));
      await isDenied(
        client.apply(
          {
            apiVersion: `${rbac}/v1`,
            kind: 'ClusterRoleBinding',
            metadata: { name: 'all' },
            roleRef,
            subjects,
          },
          soon(),
        ),
      );
      await isDenied(client.token({ namespace: mine, name: 'default' }, 600, soon()));
      await isDenied(client.token({ namespace: control, name: 'labwright-trainee' }, 600, soon()));
      const user = client.config.getCurrentUser();
      const masked = withToken(client.config, user?.token ?? '');
      masked.users = masked.users.map((one) => ({ ...one, impersonateUser: 'system:admin' }));
      const somebody = createCluster(masked);
      await isDenied(somebody.list({ apiVersion: 'v1', kind: 'Pod', namespace: mine }, soon()));
    });

    it('get a token of its own account out of a Secret', async () => {
      const annotations = { 'kubernetes.io/service-account.name': 'labwright-trainee' };
      const made = {
        ...{ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token' },
        metadata: { name: 'token', namespace: mine, annotations },
      };
      // The cluster takes it away at once: there is no such account here.
      await client.create(made, soon()).catch(() => null);
      await expect
        .poll(async () => {
          const there = await client.read<{ data?: object }>(of('v1', 'Secret', 'token'), soon());
          return there?.data ?? null;
        })
        .toBeNull();
      await isDenied(client.create({ ...made, metadata: { ...made.metadata, namespace: control } }, soon()));
    });

    it.each([
      ['privileged', container({ privileged: true, allowPrivilegeEscalation: true })],
      ['as root', { securityContext: { runAsUser: 0, runAsNonRoot: false } }],
      ['with more capabilities', container({ capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } })],
      ['in the node’s network', { hostNetwork: true }],
      ['among the node’s processes', { hostPID: true }],
      ['with a folder of the node', { volumes: [{ name: 'root', hostPath: { path: '/' } }] }],
      ['before all others', { priorityClassName: 'system-cluster-critical' }],
    ])('run a pod %s', async (_how, spec) => {
      await isDenied(client.apply(pods(spec), soon()));
    });

    it('run such a pod by a Deployment either', async () => {
      const spec = { ...podSpec(['sleep', '60']), hostNetwork: true };
      const labels = { app: 'bad' };
      const template = { metadata: { labels }, spec };
      const selector = { matchLabels: labels };
      await client.apply(object('apps/v1', 'Deployment', 'bad', { spec: { selector, template } }), soon());
      const deployment = of('apps/v1', 'Deployment', 'bad');
      await expect
        .poll(async () => JSON.stringify(await client.read(deployment, soon())), { timeout: 30_000 })
        .toContain('violates PodSecurity');
      await client.remove(deployment, {}, soon());
    });

    it('run more pods than it may have', async () => {
      const [deployment] = webObjects('many', 'many', 40) as [Object];
      await client.apply({ ...deployment, metadata: { name: 'many', namespace: mine } }, soon());
      await expect
        .poll(async () => JSON.stringify(await client.read(of('apps/v1', 'Deployment', 'many'), soon())), {
          timeout: 30_000,
        })
        .toContain('exceeded quota');
      await client.remove(of('apps/v1', 'Deployment', 'many'), {}, soon());
    });

    it('open a debug container in a pod', async () => {
      const debug = { spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox:1' }] } };
      const options = { type: 'strategic', subresource: 'ephemeralcontainers' } as const;
      await isDenied(client.patch(of('v1', 'Pod', pod), debug, options, soon()));
    });

    it('change our policies, nor take a name of ours, nor clear them away with its own', async () => {
      const kind = ['networking.k8s.io/v1', 'NetworkPolicy'] as const;
      const open = { spec: { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] } };
      const deny = of(...kind, 'labwright-deny');
      await isDenied(client.remove(deny, {}, soon()));
      await isDenied(client.patch(deny, open, { type: 'merge' }, soon()));
      await isDenied(client.apply(object(...kind, 'labwright-mine', open), soon()));
      await isDenied(
        client.apply(object('v1', 'Pod', 'labwright-read-data', { spec: podSpec(['sleep', '9']) }), soon()),
      );
      const body = { ...object('v1', 'ConfigMap', 'x', {}), metadata: { generateName: 'labwright-' } };
      expect(await post(`/api/v1/namespaces/${mine}/configmaps`, body)).toBe(403);
      await expect(world.cluster.read(deny, soon())).resolves.not.toBeNull();
    });

    it.each([
      ['to everywhere', [{}]],
      ['to an address', [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }]],
      ['to all namespaces', [{ to: [{ namespaceSelector: {} }] }]],
      [
        'to another namespace',
        [{ to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } } }] }],
      ],
      [
        'to all of the cluster’s own pods',
        [{ to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }] }],
      ],
    ])('let its pods out %s', async (_where, egress) => {
      const spec = { podSelector: {}, policyTypes: ['Egress'], egress };
      await isDenied(client.apply(object('networking.k8s.io/v1', 'NetworkPolicy', 'out', { spec }), soon()));
    });

    it.each([
      ['NodePort', { type: 'NodePort' }],
      ['LoadBalancer', { type: 'LoadBalancer' }],
      ['name of elsewhere', { type: 'ExternalName', externalName: 'example.org' }],
      ['address of others', { externalIPs: ['10.0.0.1'] }],
    ])('make a Service with a %s', async (_what, more) => {
      const spec = { selector: { app: 'web' }, ports: [{ port: 80 }], ...more };
      await isDenied(client.apply(object('v1', 'Service', 'out', { spec }), soon()));
    });

    it('see or touch anything of other namespaces, of the lab’s own, or of the cluster', async () => {
      for (const namespace of [theirs, control, 'default', 'kube-system']) {
        for (const kind of ['Pod', 'Secret', 'ConfigMap', 'ServiceAccount']) {
          await isDenied(client.list({ apiVersion: 'v1', kind, namespace }, soon()));
        }
        await isDenied(client.apply(object('v1', 'ConfigMap', 'x', {}, namespace), soon()));
      }
      for (const kind of ['Namespace', 'Node', 'PersistentVolume', 'Secret', 'Pod']) {
        await isDenied(client.list({ apiVersion: 'v1', kind }, soon()));
      }
      const admission = 'admissionregistration.k8s.io/v1';
      const policy = { apiVersion: admission, kind: 'ValidatingAdmissionPolicy', name: 'labwright-trainees' };
      await isDenied(client.remove(policy, {}, soon()));
    });

    it('do what its template has not given it', async () => {
      const pods = await viewer.list({ apiVersion: 'v1', kind: 'Pod', namespace: theirs }, soon());
      expect(pods).toHaveLength(2);
      await isDenied(viewer.list({ apiVersion: 'v1', kind: 'Secret', namespace: theirs }, soon()));
      await isDenied(viewer.apply(object('v1', 'ConfigMap', 'x', {}, theirs), soon()));
      await isDenied(viewer.apply(object('v1', 'Pod', 'x', { spec: podSpec(['true']) }, theirs), soon()));
    });
  });

  describe('has pods that', () => {
    const run = async (command: string) => {
      const limits = { timeoutMs: 30_000, maxBytes: 1_000 };
      const argv = ['sh', '-c', command];
      const { podExec } = world.trainee.namespaces;
      const { exitCode, stdout } = await podExec(
        others,
        'production',
        { name: 'probe' },
        argv,
        limits,
        soon(),
      );
      return { exitCode, stdout };
    };

    it('reach one another, and those of the lab’s other namespaces, by name', async () => {
      await expect(run('wget -q -O - -T 10 http://web')).resolves.toEqual({ exitCode: 0, stdout: 'own\n' });
      const vault = world.spaces.traineeOf({ sandboxId: others.sandboxId, component: 'vault' });
      await expect(run(`wget -q -O - -T 10 http://web.${vault}.svc`)).resolves.toEqual({
        ...{ exitCode: 0, stdout: 'vault\n' },
      });
    });

    it.each([
      ['the cluster’s API', () => '$KUBERNETES_SERVICE_HOST $KUBERNETES_SERVICE_PORT'],
      ['another lab', () => `web.${mine}.svc 80`],
    ])('do not reach %s', async (_what, where) => {
      await expect(run(`nc -w 5 ${where()} -e /bin/true`)).resolves.toMatchObject({ exitCode: 1 });
    });

    it('have no token', async () => {
      await expect(run('ls /var/run/secrets/kubernetes.io')).resolves.toMatchObject({ exitCode: 1 });
    });
  });
});
