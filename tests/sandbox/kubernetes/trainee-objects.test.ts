import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { createNames } from '../../../src/sandbox/kubernetes/names.ts';
import { admissionObjects, revision } from '../../../src/sandbox/kubernetes/trainee/admission.ts';
import { fenceOf } from '../../../src/sandbox/kubernetes/trainee/fence.ts';
import { kubeconfigText } from '../../../src/sandbox/kubernetes/trainee/kubeconfig.ts';
import { placed } from '../../../src/sandbox/kubernetes/trainee/manifests.ts';
import { isOwn } from '../../../src/sandbox/kubernetes/trainee/own-names.ts';
import { pickPod } from '../../../src/sandbox/kubernetes/trainee/pods.ts';
import { rulesOf } from '../../../src/sandbox/kubernetes/trainee/rights.ts';
import { missingOf, troubleOf } from '../../../src/sandbox/kubernetes/trainee/rollout.ts';
import { podsBehind } from '../../../src/sandbox/kubernetes/trainee/services.ts';
import { readerPod } from '../../../src/sandbox/kubernetes/trainee/volume-reader.ts';
import { pieceOfKind } from '../../../src/sandbox/part.ts';
import type { NamespaceComponent, NamespaceRight } from '../../../src/templates/types.ts';
import { planOf } from './plans.ts';
import { namespaceSpec } from './trainee-world.ts';

const all = [
  ...(['view', 'deploy', 'exec', 'logs', 'port-forward', 'read-secrets', 'secrets', 'jobs'] as const),
  ...(['pvc', 'autoscale', 'network-policies', 'service-accounts'] as const),
] satisfies NamespaceRight[];
const now = new Date('2026-01-02T03:04:05.678Z');
const installationId = 'school-7f3a';
const names = createNames(installationId);
const inCluster = { namespace: 'labwright', podLabels: { 'app.kubernetes.io/name': 'labwright' } };

function fence(own: Partial<NamespaceComponent>, place: typeof inCluster | null = null) {
  const plan = planOf('3f0c2a', { production: namespaceSpec(own), vault: namespaceSpec({}) });
  const piece = pieceOfKind(plan, 'production', 'namespace', 'objects');
  return fenceOf(piece, { installationId, spaces: names, own: place }, now);
}

const yamlOf = (objects: readonly object[]) =>
  objects.map((one) => stringify(one, { aliasDuplicateObjects: false })).join('---\n');

describe('the rights of a trainee', () => {
  it.each(all)('by the word %s are those of its golden file', async (right) => {
    const rules = rulesOf([right], 'lab');
    await expect(stringify(rules, { aliasDuplicateObjects: false })).toMatchFileSnapshot(
      `golden/right-${right}.yaml`,
    );
  });

  it('always let them look, and never reach what bounds them', () => {
    const rules = rulesOf(all, 'lab');
    expect(rulesOf([], 'lab')).toEqual(rulesOf(['view'], 'lab'));
    const closed =
      /^(\*|roles|rolebindings|pods\/ephemeralcontainers|pods\/proxy|services\/proxy|serviceaccounts\/token|.*\/finalizers|resourcequotas\/.*)$/;
    for (const { apiGroups, resources, verbs } of rules) {
      for (const word of [...apiGroups, ...resources, ...verbs]) expect(word).not.toBe('*');
      for (const resource of resources) expect(resource).not.toMatch(closed);
      for (const verb of verbs) expect(['escalate', 'bind', 'impersonate']).not.toContain(verb);
      const isWritten = verbs.some((verb) => !['get', 'list', 'watch'].includes(verb));
      const bounds = ['resourcequotas', 'limitranges', 'namespaces', 'endpoints', 'endpointslices', 'events'];
      if (isWritten) for (const resource of resources) expect(bounds).not.toContain(resource);
    }
  });
});

describe('the fence of a namespace', () => {
  it.each([
    ['usual', fence({ rights: ['deploy'], storage: { data: 512 } })],
    ['own-policies', fence({ rights: ['network-policies', 'pvc'], pods: 4 }, inCluster)],
  ])('is that of its golden file: %s', async (name, made) => {
    const text = yamlOf([made.namespace, ...made.ours, ...made.theirs]);
    await expect(text).toMatchFileSnapshot(`golden/fence-${name}.yaml`);
  });

  it('has names that trainees cannot take, and gives them only what is not ours', () => {
    for (const one of [fence({}), fence({ rights: ['network-policies'] }, inCluster)]) {
      for (const { metadata } of one.ours) expect(isOwn(metadata.name)).toBe(true);
      for (const { metadata } of one.theirs) expect(isOwn(metadata.name)).toBe(false);
    }
  });

  it('takes what the template says for all of its pods', () => {
    const [quota] = fence({ limits: { memoryMb: 700, cpu: 1.5 } }).ours;
    expect(quota).toMatchObject({ spec: { hard: { 'limits.memory': '700Mi', 'limits.cpu': '1500m' } } });
  });

  it('has a rule of the cluster whose revision tells of every change', async () => {
    const text = JSON.stringify(admissionObjects());
    const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
    expect(`${revision} ${hash}`).toMatchInlineSnapshot(`"1 5acfe209e68a"`);
    await expect(yamlOf(admissionObjects())).toMatchFileSnapshot('golden/admission.yaml');
  });
});

describe('manifests', () => {
  const isNamespaced = async ({ kind }: { readonly kind: string }) => kind !== 'ClusterRole';
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };

  it('are of the namespace that they are applied to', async () => {
    await expect(placed([map], 'lab', isNamespaced)).resolves.toMatchObject([
      { metadata: { name: 'a', namespace: 'lab' } },
    ]);
  });

  it.each([
    ['no kind', { apiVersion: 'v1', metadata: { name: 'a' } }, 'without apiVersion or kind'],
    ['no name', { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} }, 'A ConfigMap has no metadata.name'],
    ['a name of ours', { ...map, metadata: { name: 'labwright-a' } }, "are the lab's own"],
    ['another namespace', { ...map, metadata: { name: 'a', namespace: 'b' } }, 'for the namespace b'],
    ['the whole cluster', { ...map, kind: 'ClusterRole' }, 'is of the whole cluster'],
  ])('are refused with %s', async (_what, object, message) => {
    await expect(placed([object], 'lab', isNamespaced)).rejects.toMatchObject({
      code: 'validation_failed',
      message: expect.stringContaining(message),
    });
  });
});

describe('what was applied', () => {
  const metadata = { name: 'one', generation: 2 };
  it.each([
    [
      'Deployment',
      { replicas: 2 },
      { observedGeneration: 1, updatedReplicas: 2, availableReplicas: 2 },
      'not looked',
    ],
    [
      'Deployment',
      { replicas: 2 },
      { observedGeneration: 2, updatedReplicas: 2, availableReplicas: 1 },
      '1 of 2',
    ],
    [
      'Deployment',
      { replicas: 1 },
      { observedGeneration: 2, replicas: 2, updatedReplicas: 1, availableReplicas: 2 },
      '1 old',
    ],
    [
      'Deployment',
      { replicas: 1 },
      { observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: 1 },
      null,
    ],
    ['StatefulSet', {}, { observedGeneration: 2, readyReplicas: 0 }, '0 of 1'],
    ['StatefulSet', { replicas: 0 }, { observedGeneration: 2 }, null],
    ['DaemonSet', {}, { observedGeneration: 2, desiredNumberScheduled: 1, numberReady: 1 }, null],
    ['Job', {}, { conditions: [{ type: 'Complete', status: 'True' }] }, null],
    ['Job', { suspend: true }, {}, null],
    ['Job', {}, {}, 'it runs'],
    ['Pod', {}, { phase: 'Pending' }, 'it is pending'],
    ['Pod', {}, { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }, null],
    ['Service', {}, {}, null],
  ])('as a %s serves or tells why not (%#)', (kind, spec, status, text) => {
    const missing = missingOf({ kind, metadata, spec, status });
    if (text === null) expect(missing).toBeNull();
    else expect(missing).toMatchObject({ text: expect.stringContaining(text), isHopeless: false });
  });

  it('is not waited for when waiting cannot help', () => {
    const failed = { conditions: [{ type: 'Failed', status: 'True', message: 'back off' }] };
    expect(missingOf({ kind: 'Job', metadata, status: failed })?.isHopeless).toBe(true);
    const refused = 'pods "x" is forbidden: violates PodSecurity "restricted:latest"';
    const status = { conditions: [{ type: 'ReplicaFailure', status: 'True', message: refused }] };
    expect(missingOf({ kind: 'Deployment', metadata, status })?.isHopeless).toBe(true);
    const pod = (reason: string) => ({
      metadata: { name: 'p' },
      status: { containerStatuses: [{ state: { waiting: { reason } } }] },
    });
    expect(troubleOf([pod('ErrImagePull')])).toEqual({ texts: ['p: ErrImagePull'], isHopeless: true });
    expect(troubleOf([pod('CrashLoopBackOff')]).isHopeless).toBe(false);
    expect(troubleOf([pod('ContainerCreating')]).texts).toEqual([]);
  });
});

describe('pods', () => {
  const pod = (name: string, status: object, more: object = {}) => ({ metadata: { name, ...more }, status });
  const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };

  it('are picked by name, or as the one that is most likely to answer, and never one of ours', () => {
    const going = { deletionTimestamp: now };
    const pods = [
      pod('labwright-read-data', ready),
      pod('a', { phase: 'Pending' }),
      pod('b', ready, going),
      pod('c', { phase: 'Running' }),
      pod('e', ready),
      pod('d', ready),
    ];
    expect(pickPod(pods, {})?.metadata?.name).toBe('d');
    expect(pickPod(pods, { name: 'a' })?.metadata?.name).toBe('a');
    expect(pickPod(pods, { name: 'labwright-read-data' })).toBeNull();
  });

  it('behind a Service are those that are ready, at the port that its name stands for', () => {
    const service = {
      spec: {
        ports: [
          { name: 'http', port: 80 },
          { name: 'admin', port: 81 },
        ],
      },
    };
    const at = (name: string, isReady: boolean) => ({
      conditions: { ready: isReady },
      targetRef: { kind: 'Pod', name, namespace: 'lab' },
    });
    const slices = [
      {
        ports: [
          { name: 'admin', port: 9000 },
          { name: 'http', port: 8080 },
        ],
        endpoints: [
          at('a', true),
          at('b', false),
          { targetRef: { kind: 'Pod', name: 'c', namespace: 'other' } },
        ],
      },
      { ports: null, endpoints: null },
    ];
    expect(podsBehind(service, slices, 80, 'lab')).toEqual([{ pod: 'a', port: 8080 }]);
    expect(podsBehind(service, slices, 81, 'lab')).toEqual([{ pod: 'a', port: 9000 }]);
  });

  it('that look into a volume have it read-only and nothing else', async () => {
    const made = readerPod({
      ...{ namespace: 'lab', claim: 'backups', name: 'labwright-read-backups' },
      ...{ image: 'labwright:1', node: 'here' },
    });
    await expect(yamlOf([made])).toMatchFileSnapshot('golden/volume-reader.yaml');
  });
});

describe('a kubeconfig', () => {
  it('has a context for each namespace, the first of which is the current one', () => {
    const facts = { server: 'https://api.example.org', authority: 'UEVN', skipVerify: false, token: 'tok' };
    const text = kubeconfigText({
      ...facts,
      contexts: [
        ['production', 'lw-n-1'],
        ['vault', 'lw-n-2'],
      ],
    });
    expect(text).toMatchInlineSnapshot(`
      "apiVersion: v1
      kind: Config
      clusters:
        - name: lab
          cluster:
            server: https://api.example.org
            certificate-authority-data: UEVN
      users:
        - name: trainee
          user:
            token: tok
      contexts:
        - name: production
          context:
            cluster: lab
            user: trainee
            namespace: lw-n-1
        - name: vault
          context:
            cluster: lab
            user: trainee
            namespace: lw-n-2
      current-context: production
      "
    `);
    const unverified = kubeconfigText({ ...facts, skipVerify: true, contexts: [['a', 'b']] });
    expect(unverified).toContain('insecure-skip-tls-verify: true');
    expect(unverified).not.toContain('certificate-authority-data');
  });
});
