/** `kubernetes` as a step, on objects in memory. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { execAction } from '../../src/actions/exec.ts';
import { kubernetesAction } from '../../src/actions/kubernetes.ts';
import { progressOf } from '../../src/actions/kubernetes-rollout.ts';
import type { ActContext, ActionOutcome } from '../../src/grading/types.ts';
import { createFiller } from '../../src/grading/values/fill.ts';
import type { KubernetesObject } from '../../src/lab/namespaces.ts';
import { webDeployment } from '../contracts/namespaces-contract.ts';
import { actContext, testHandle } from '../support/handle.ts';
import { type OpenedNamespaces, openMemoryNamespaces } from '../support/memory-namespaces.ts';

const signal = AbortSignal.timeout(60_000);
let opened: OpenedNamespaces;
let files: Record<string, string>;

beforeEach(async () => {
  opened = await openMemoryNamespaces();
  await opened.apply(webDeployment(2));
  files = {};
});
afterEach(() => opened.close());

function act(spec: object, more: Partial<ActContext> = {}): Promise<ActionOutcome> {
  const components = { production: { kind: 'namespace', namespace: 'lw-production' } } as const;
  const context = actContext(testHandle(components, { namespaces: opened.handle }), {
    fill: createFiller({ params: { word: 'hello', pods: 3 } }, { missing: 'throw' }),
    templateFile: (path) => (files[path] === undefined ? null : new TextEncoder().encode(files[path])),
    ...more,
  });
  const parsed = kubernetesAction.spec.parse({ component: 'production', ...spec });
  return kubernetesAction.run(parsed, context, signal);
}

const deployments = { apiVersion: 'apps/v1', kind: 'Deployment' } as const;
const web = { kind: 'Deployment', name: 'web' } as const;
const named = async (kind: { apiVersion: string; kind: string }, name: string) =>
  (await opened.handle.list('production', { ...kind, name, limit: 1 }, signal))[0];
const images = async () => {
  const object = (await named(deployments, 'web')) as {
    spec: { template: { spec: { containers: { image: string }[] } } };
  };
  return object.spec.template.spec.containers.map(({ image }) => image);
};
const config = { apiVersion: 'v1', kind: 'ConfigMap' };

describe('apply', () => {
  it('applies all objects of a file, filled in as data', async () => {
    files['a.yaml'] = [
      '{ apiVersion: v1, kind: ConfigMap, metadata: { name: one }, data: { word: "{{params.word}}: {a: b}" } }',
      '{ apiVersion: v1, kind: ConfigMap, metadata: { name: "two-{{params.word}}" }, data: { pods: "{{params.pods}}" } }',
    ].join('\n---\n');
    expect(await act({ apply: 'a.yaml' })).toMatchObject({
      ok: true,
      value: {
        objects: [
          { kind: 'ConfigMap', name: 'one' },
          { kind: 'ConfigMap', name: 'two-hello' },
        ],
      },
    });
    expect(await named(config, 'one')).toMatchObject({ data: { word: 'hello: {a: b}' } });
    expect(await named(config, 'two-hello')).toMatchObject({ data: { pods: 3 } });
  });

  it('has the rights of the trainee, unless told otherwise', async () => {
    files['quota.yaml'] = '{ apiVersion: v1, kind: ResourceQuota, metadata: { name: q } }';
    expect(await act({ apply: 'quota.yaml' })).toEqual({
      ok: false,
      reason: 'ResourceQuota may not be changed.',
      value: null,
    });
    expect(await act({ apply: 'quota.yaml', as: 'grader' })).toMatchObject({ ok: true });
  });

  it('says what is wrong with a file, and with what it holds', async () => {
    files['bad.yaml'] = 'kind: [';
    expect(await act({ apply: 'bad.yaml' })).toMatchObject({
      ok: false,
      reason: expect.stringContaining('bad.yaml:1'),
    });
    expect(await act({ apply: 'none.yaml' })).toMatchObject({
      ok: false,
      reason: 'The template has no file none.yaml.',
    });
    files['broken.yaml'] = '{ apiVersion: apps/v1, kind: Deployment, metadata: { name: b }, spec: {} }';
    expect(await act({ apply: 'broken.yaml' })).toMatchObject({
      ok: false,
      reason: 'spec.template: Required value',
    });
  });
});

describe('changes', () => {
  it('delete, and are content where nothing is', async () => {
    expect(await act({ delete: web })).toMatchObject({ ok: true });
    expect(await named(deployments, 'web')).toBeUndefined();
    expect(await act({ delete: web })).toMatchObject({ ok: true });
  });

  it('scale, also by a parameter', async () => {
    expect(await act({ scale: { ...web, replicas: '{{params.pods}}' } })).toMatchObject({ ok: true });
    expect(await named(deployments, 'web')).toMatchObject({ spec: { replicas: 3 } });
    expect(await act({ scale: { ...web, name: 'nothing', replicas: 1 } })).toMatchObject({
      ok: false,
      reason: 'There is no Deployment nothing.',
    });
  });

  it('patch, and give what is there then', async () => {
    const patch = { metadata: { labels: { word: '{{params.word}}' } } };
    expect(await act({ patch: { ...web, patch } })).toMatchObject({
      ok: true,
      value: { object: { metadata: { labels: { word: 'hello' } } } },
    });
  });

  it('set the image of a container that there is', async () => {
    expect(await act({ setImage: { ...web, container: 'web', image: 'busybox:2' } })).toMatchObject({
      ok: true,
    });
    expect(await images()).toEqual(['busybox:2']);
    expect(await act({ setImage: { ...web, container: 'app', image: 'busybox:3' } })).toMatchObject({
      ok: false,
      reason: 'Deployment web has no container app; it has web.',
    });
    expect(await images()).toEqual(['busybox:2']);
  });

  it('lose the namespace and bring it back empty', async () => {
    expect(await act({ deleteNamespace: true })).toMatchObject({ ok: true });
    files['a.yaml'] = '{ apiVersion: v1, kind: ConfigMap, metadata: { name: a } }';
    expect(await act({ apply: 'a.yaml' })).toMatchObject({ ok: false });
    expect(await act({ createNamespace: true })).toMatchObject({ ok: true });
    expect(await named(deployments, 'web')).toBeUndefined();
    expect(await act({ apply: 'a.yaml' })).toMatchObject({ ok: true });
  });
});

describe('rollouts', () => {
  it('are waited for, and end when they are through', async () => {
    opened.all.hold();
    await act({ setImage: { ...web, container: 'web', image: 'busybox:2' } });
    let over = false;
    const rolled = act({ rollout: web, within: '30s' }).finally(() => {
      over = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(over).toBe(false);
    opened.all.settle();
    expect(await rolled).toMatchObject({ ok: true, value: { object: { status: { availableReplicas: 2 } } } });
  });

  it('that do not come through say how far they came, within what the run allows', async () => {
    opened.all.hold();
    await act({ setImage: { ...web, container: 'web', image: 'nothing:1' } });
    expect(await act({ rollout: web, within: '60s' }, { waitLimitMs: 800 })).toMatchObject({
      ok: false,
      reason: expect.stringMatching(
        /^Deployment web is not rolled out: of 2 pods 0 are new, 2 available, .* after 0\.8 s\.$/,
      ),
    });
    expect(await act({ rollout: { ...web, name: 'nothing' } })).toMatchObject({ ok: false });
  });

  it('begin anew on restart', async () => {
    const before = await opened.handle.list(
      'production',
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', limit: 9 },
      signal,
    );
    expect(await act({ restart: web })).toMatchObject({ ok: true });
    const after = await opened.handle.list(
      'production',
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', limit: 9 },
      signal,
    );
    expect([before.length, after.length]).toEqual([1, 2]);
  });

  it('are undone to what was before, with nothing of what came after left', async () => {
    expect(await act({ undo: web })).toMatchObject({
      ok: false,
      reason: expect.stringContaining('no pods to go back to'),
    });
    const start = await named(deployments, 'web');
    const containers = [{ name: 'web', image: 'busybox:2', env: [{ name: 'MORE', value: '1' }] }];
    await act({ patch: { ...web, patch: { spec: { template: { spec: { containers } } } } } });
    expect(await act({ undo: web })).toMatchObject({ ok: true });
    expect((await named(deployments, 'web'))?.spec).toEqual(start?.spec);
    // And forth again, as kubectl does.
    expect(await act({ undo: web })).toMatchObject({ ok: true });
    expect(await images()).toEqual(['busybox:2']);
  });

  const deployment = (status: object, generation = 2): KubernetesObject =>
    ({ metadata: { generation }, spec: { replicas: 2 }, status }) as KubernetesObject;
  it.each([
    ['Deployment', { observedGeneration: 1, updatedReplicas: 2, availableReplicas: 2 }, false, false],
    [
      'Deployment',
      { observedGeneration: 2, replicas: 3, updatedReplicas: 2, availableReplicas: 2 },
      false,
      false,
    ],
    [
      'Deployment',
      { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 1 },
      false,
      false,
    ],
    [
      'Deployment',
      { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
      true,
      false,
    ],
    [
      'Deployment',
      { observedGeneration: 2, conditions: [{ reason: 'ProgressDeadlineExceeded' }] },
      false,
      true,
    ],
    [
      'StatefulSet',
      { observedGeneration: 2, currentRevision: 'a', updateRevision: 'a', availableReplicas: 2 },
      true,
      false,
    ],
    [
      'StatefulSet',
      {
        observedGeneration: 2,
        currentRevision: 'a',
        updateRevision: 'b',
        updatedReplicas: 1,
        availableReplicas: 2,
      },
      false,
      false,
    ],
    [
      'DaemonSet',
      { observedGeneration: 2, desiredNumberScheduled: 1, updatedNumberScheduled: 1, numberAvailable: 0 },
      false,
      false,
    ],
    [
      'DaemonSet',
      { observedGeneration: 2, desiredNumberScheduled: 1, updatedNumberScheduled: 1, numberAvailable: 1 },
      true,
      false,
    ],
  ])('of a %s with %j are through: %s, stuck: %s', (kind, status, done, stuck) => {
    expect(progressOf(kind, deployment(status))).toMatchObject({ done, stuck });
  });
});

it('exec runs a program in a pod, and fails as it does', async () => {
  const components = { production: { kind: 'namespace', namespace: 'lw-production' } } as const;
  const context = actContext(testHandle(components, { namespaces: opened.handle }));
  const run = (script: string) => {
    const spec = { component: 'production', pod: { selector: 'app=web' }, argv: ['sh', '-c', script] };
    return execAction.run(execAction.spec.parse(spec), context, signal);
  };
  expect(await run('echo hello')).toMatchObject({ ok: true, value: { stdout: 'hello\n' } });
  expect(await run('echo no >&2; exit 4')).toMatchObject({
    ok: false,
    reason: 'The program ended with 4: no',
  });
});
