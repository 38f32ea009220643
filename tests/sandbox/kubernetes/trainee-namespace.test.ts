/** A trainee's namespace: made with what the template puts into it, reset, lost, and ended, in the real cluster. */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxPlan } from '../../../src/lab/ports.ts';
import { statusOf } from '../../../src/sandbox/kubernetes/errors.ts';
import { endNamespace } from '../../../src/sandbox/kubernetes/trainee/namespace-end.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { kubernetesMissing, requireKubernetes } from '../../support/kubernetes.ts';
import {
  podSpec,
  reset,
  soon,
  startTraineeWorld,
  type TraineeWorld,
  webObjects,
  yamlOf,
} from './trainee-world.ts';

describe('namespaces of trainees', () => {
  requireKubernetes();
});

describe.skipIf(kubernetesMissing !== null)('a namespace of a trainee', { timeout: 240_000 }, () => {
  let world: TraineeWorld;
  let plan: SandboxPlan;

  beforeAll(async () => {
    world = await startTraineeWorld();
    plan = world.plan(
      {
        production: {
          objects: 'objects/',
          rights: ['view', 'deploy', 'exec', 'logs'],
          storage: { data: 64 },
        },
        vault: { custody: 'trainee' },
      },
      {
        'objects/1-settings.yaml': yamlOf([
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: 'settings' },
            data: { secret: '{{params.word}}', there: '{{access.vault.namespace}}', kept: '{{ .Values.x }}' },
          },
        ]),
        'objects/2-web.yaml': yamlOf(webObjects('web', 'hello')),
        'objects/README.md': 'no manifest',
        'objects/3-broken.yaml': yamlOf([
          {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: 'broken', annotations: { 'labwright.dev/wait': 'false' } },
            spec: podSpec(['sh', '-c', 'exit 3'], { restartPolicy: 'Never' }),
          },
        ]),
      },
      { params: { word: 'plum' } },
    );
    await Promise.all(
      ['production', 'vault'].map((name) => world.trainee.part.ensure(world.piece(plan, name), soon())),
    );
  }, imagesTimeoutMs);
  afterAll(() => world?.stop(), 240_000);

  const objects = (component: string, kind: string, apiVersion = 'v1', name?: string) =>
    world.trainee.namespaces.list(
      plan,
      component,
      { apiVersion, kind, limit: 50, ...(name === undefined ? {} : { name }) },
      soon(),
    );
  const observe = (component: string) => world.trainee.part.observe(world.piece(plan, component));

  it('is there with the objects of the template, filled, and serves', async () => {
    const [settings] = await objects('production', 'ConfigMap', 'v1', 'settings');
    const vault = world.spaces.traineeOf({ sandboxId: plan.sandboxId, component: 'vault' });
    expect(settings).toMatchObject({ data: { secret: 'plum', there: vault, kept: '{{ .Values.x }}' } });
    const [deployment] = await objects('production', 'Deployment', 'apps/v1');
    expect(deployment).toMatchObject({ status: { availableReplicas: 1 } });
    const [broken] = await objects('production', 'Pod', 'v1', 'broken');
    expect(JSON.stringify(broken)).not.toContain('labwright.dev/wait');
    await expect(observe('production')).resolves.toEqual({ state: 'running', generation: 1, detail: null });
    await expect(observe('vault')).resolves.toMatchObject({ state: 'running', generation: 1 });
  });

  it('changes nothing when it is made again, not even what the trainee has taken away', async () => {
    await world.trainee.namespaces.remove(
      plan,
      'production',
      'trainee',
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'settings' },
      soon(),
    );
    await world.trainee.part.ensure(world.piece(plan, 'production'), soon());
    expect(await objects('production', 'ConfigMap', 'v1', 'settings')).toEqual([]);
  });

  it('leads to its Services by name and port', async () => {
    const stream = await world.trainee.dial(plan, 'production', { service: 'web', port: 80 }, soon());
    stream.end('GET / HTTP/1.0\r\n\r\n');
    let text = '';
    stream.on('data', (bytes: Buffer) => {
      text += bytes.toString();
    });
    await once(stream, 'close');
    expect(text).toContain('hello');
    const dial = (service: string, port: number) =>
      world.trainee.dial(plan, 'production', { service, port }, soon());
    await expect(dial('shop', 80)).rejects.toMatchObject({
      code: 'backend_unavailable',
      extra: { reason: 'no_such_name' },
    });
    await expect(dial('web', 81)).rejects.toMatchObject({ extra: { reason: 'refused' } });
  });

  it('says that one of ours was taken away, and puts it back', async () => {
    const namespace = world.spaces.traineeOf({ sandboxId: plan.sandboxId, component: 'production' });
    const deny = {
      ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' },
      ...{ namespace, name: 'labwright-deny' },
    };
    await world.cluster.remove(deny, {}, soon());
    // It looks at one of them at a time.
    await expect
      .poll(() => observe('production'), { timeout: 60_000 })
      .toMatchObject({
        state: 'broken',
        detail: 'NetworkPolicy labwright-deny was deleted',
      });
    await world.trainee.part.ensure(world.piece(plan, 'production'), soon());
    await expect(world.cluster.read(deny, soon())).resolves.not.toBeNull();
    await expect(observe('production')).resolves.toMatchObject({ state: 'running' });
  });

  it('acts as the trainee again when their account was made anew', async () => {
    const namespace = world.spaces.controlOf(plan.sandboxId);
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', namespace, name: 'labwright-trainee' };
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine' } };
    const apply = () => world.trainee.namespaces.apply(plan, 'production', 'trainee', [map], soon());
    await apply();
    const before = await world.cluster.read<{ metadata: { annotations?: object } }>(account, soon());
    await world.cluster.remove(account, {}, soon());
    const { namespace: _, name, ...kind } = account;
    const annotations = before?.metadata.annotations;
    await world.cluster.apply({ ...kind, metadata: { name, namespace, annotations } }, soon());
    await expect.poll(() => apply().then(() => true), { timeout: 30_000 }).toBe(true);
  });

  it('runs programs in pods, and reads what they print', async () => {
    const { namespaces } = world.trainee;
    const limits = { timeoutMs: 20_000, maxBytes: 1_000 };
    const exec = (argv: string[], own = {}) =>
      namespaces.podExec(plan, 'production', { selector: 'app=web' }, argv, { ...limits, ...own }, soon());
    await expect(exec(['sh', '-c', 'echo out; echo err >&2; exit 4'])).resolves.toMatchObject({
      ...{ exitCode: 4, stdout: 'out\n', stderr: 'err\n', timedOut: false, truncated: false },
    });
    await expect(exec(['pwd'], { cwd: '/tmp/w' })).resolves.toMatchObject({ stdout: '/tmp/w\n' });
    await expect(exec(['sleep', '60'], { timeoutMs: 500 })).resolves.toMatchObject({
      ...{ exitCode: null, timedOut: true },
    });
    await expect(exec(['yes'])).resolves.toMatchObject({ truncated: true, timedOut: false });
    await expect(
      namespaces.podExec(plan, 'production', { name: 'nobody' }, ['true'], limits, soon()),
    ).rejects.toMatchObject({ code: 'object_not_found' });
    const made = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'talker' } };
    const spec = podSpec(['sh', '-c', 'for n in 1 2 3 4 5 6 7 8 9; do echo line $n; done; sleep 600']);
    await namespaces.apply(plan, 'production', 'trainee', [{ ...made, spec } as never], soon());
    const log = (maxBytes: number) =>
      namespaces.podLog(plan, 'production', { name: 'talker' }, maxBytes, soon());
    await expect.poll(() => log(1_000), { timeout: 60_000 }).toMatch(/^line 1\n[\s\S]*line 9\n$/);
    await expect(log(9)).resolves.toBe('e 8\nline 9\n'.slice(-9));
  });

  it('reads files of its storage, through a pod that is in no list', async () => {
    const { namespaces } = world.trainee;
    const files = (glob: string) =>
      namespaces.volumeFiles(plan, 'production', 'data', { glob, maxFiles: 10, maxBytesEach: 1_000 }, soon());
    expect(await files('*.txt')).toEqual([]);
    const volumes = [{ name: 'd', persistentVolumeClaim: { claimName: 'data' } }];
    const spec = podSpec(['sh', '-c', 'echo kept > /data/a.txt; ln -s /etc/passwd /data/b.txt; sleep 600']);
    const containers = spec.containers.map((one) => ({
      ...one,
      volumeMounts: [{ name: 'd', mountPath: '/data' }],
    }));
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'writer' },
      spec: { ...spec, containers, volumes },
    };
    await namespaces.apply(plan, 'production', 'trainee', [pod as never], soon());
    await expect.poll(async () => (await files('*.txt')).length, { timeout: 60_000 }).toBe(1);
    const [found] = await files('*.txt');
    expect(found?.path).toBe('a.txt');
    expect(Buffer.from(found?.content ?? []).toString()).toBe('kept\n');
    const pods = await objects('production', 'Pod');
    expect(pods.map(({ metadata }) => (metadata as { name: string }).name)).not.toContain(
      'labwright-read-data',
    );
    await expect(
      namespaces.volumeFiles(
        plan,
        'production',
        'other',
        { glob: '*', maxFiles: 1, maxBytesEach: 1 },
        soon(),
      ),
    ).rejects.toMatchObject({ code: 'bad_request', message: expect.stringContaining('it has: data') });
  });

  it('comes back empty after it was deleted, with the same rights and empty storage', async () => {
    const { namespaces } = world.trainee;
    const before = await world.client(plan, 'production');
    await namespaces.removeNamespace(plan, 'production', soon());
    await expect(observe('production')).resolves.toMatchObject({
      state: 'broken',
      detail: 'its namespace was deleted',
    });
    await namespaces.createNamespace(plan, 'production', soon());
    await expect(observe('production')).resolves.toMatchObject({ state: 'running', generation: 1 });
    expect(await objects('production', 'Deployment', 'apps/v1')).toEqual([]);
    // The token that was given before is as good as it was.
    const namespace = world.spaces.traineeOf({ sandboxId: plan.sandboxId, component: 'production' });
    const [web] = webObjects('again', 'back');
    const object = { ...web, metadata: { name: 'again', namespace } };
    await expect(before.apply(object, soon())).resolves.toMatchObject({ kind: 'Deployment' });
    expect(
      await namespaces.volumeFiles(
        plan,
        'production',
        'data',
        { glob: '*', maxFiles: 9, maxBytesEach: 9 },
        soon(),
      ),
    ).toEqual([]);
    await namespaces.createNamespace(plan, 'production', soon());
    await world.trainee.part.ensure(world.piece(plan, 'production'), soon());
    expect(await objects('production', 'Deployment', 'apps/v1')).toHaveLength(1);
    expect(await objects('production', 'Service')).toEqual([]);
  });

  it('is made anew by a reset, whole, under the same name', async () => {
    plan = reset(plan, 'production');
    await world.trainee.part.ensure(world.piece(plan, 'production'), soon());
    const deployments = await objects('production', 'Deployment', 'apps/v1');
    expect(deployments.map(({ metadata }) => (metadata as { name: string }).name)).toEqual(['web']);
    await expect(observe('production')).resolves.toMatchObject({ state: 'running', generation: 2 });
  });

  it('leaves no volume and no token behind', async () => {
    const client = await world.client(plan, 'production');
    const { sandboxId } = plan;
    const namespaces = [
      ...['production', 'vault'].map((component) => world.spaces.traineeOf({ sandboxId, component })),
      world.spaces.controlOf(sandboxId),
    ];
    world.trainee.forget(sandboxId, namespaces);
    const volume = { apiVersion: 'v1', kind: 'PersistentVolume', name: `${namespaces[0]}-data` };
    // As the driver does: all that is labelled, in any order.
    await world.cluster.remove(volume, {}, soon());
    const ended = namespaces.map((name) => endNamespace(world.cluster, name, soon()));
    await Promise.all([world.trainee.remove(sandboxId, soon()), ...ended]);
    expect(await world.count()).toEqual({ namespaces: 0, volumes: 0 });
    const pods = { apiVersion: 'v1', kind: 'Pod', namespace: namespaces[0] ?? '' };
    await expect(client.list(pods, soon()).catch(statusOf)).resolves.toBe(401);
  });
});
