import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type PodContext, podObjects } from '../../../src/sandbox/kubernetes/pods/pod-objects.ts';
import type { PodSpec } from '../../../src/sandbox/kubernetes/pods/pod-spec.ts';
import { agentBeside, workspaceData } from '../../../src/sandbox/kubernetes/workspace/agent-beside.ts';

const context: PodContext = {
  installationId: 'school-7f3a',
  namespace: 'lw01234567-c-3f0c2a',
  name: 'api-2',
  storageClass: null,
  runtimeClass: null,
  isRootImage: false,
  now: new Date('2026-01-02T03:04:05.678Z'),
};
const limits = { memoryMb: 384, cpu: 1, pids: 256, diskMb: 1_024 };
const program: PodSpec = {
  ref: { sandboxId: '3f0c2a', component: 'api', generation: 2 },
  role: 'component',
  image: 'labwright:0',
  entrypoint: ['node'],
  command: ['/app/src/sample-api/main.ts'],
  env: { DATABASE_URL: 'postgresql://secret', PORT: '3000' },
  user: '999:999',
  aliases: ['api'],
  ports: [3000],
  network: true,
  mounts: [],
  ownFolder: '/lab/api',
  files: new Map([
    ['/lab/api/config.json', { content: Buffer.from('{}'), mode: 0o600 }],
    ['/lab/api/empty', { content: new Uint8Array(), mode: 0o755 }],
  ]),
  writableRoot: false,
  tmpfs: { '/app/lab-templates': 1 },
  limits,
};
const { ownFolder, files, ...bare } = program;
const workspace: PodSpec = {
  ...bare,
  ref: { sandboxId: '3f0c2a', component: 'work', generation: 1 },
  image: 'workspace:0',
  idles: true,
  unfilled: true,
  env: {},
  aliases: ['work'],
  ports: [],
  data: workspaceData('/lab/work', 1_024),
  ...agentBeside('work', 'labwright:0'),
};
const cases: Readonly<Record<string, readonly [PodSpec, Partial<PodContext>]>> = {
  program: [program, {}],
  'source-program': [
    { ...bare, mounts: [{ volume: 'work', path: '/lab/work', readOnly: true }], stopSignal: 'SIGINT' },
    { runtimeClass: 'gvisor' },
  ],
  'image-service': [{ ...bare, image: 'registry.example/clock:1', user: 'image' }, { isRootImage: false }],
  'root-image-service': [
    { ...bare, image: 'registry.example/clock:1', user: 'image' },
    { isRootImage: true },
  ],
  job: [{ ...bare, role: 'job', aliases: [], ports: [] }, { name: 'api-2-0a1b2c3d' }],
  workspace: [workspace, { name: 'work-1' }],
  'kept-workspace': [workspace, { name: 'work-1', storageClass: 'fast' }],
};

describe('what the cluster is told of a container', () => {
  it.each(Object.entries(cases))('is as it was agreed: %s', async (name, [spec, more]) => {
    const { pod, secrets, services, claims } = podObjects(spec, { ...context, ...more });
    const text = [...secrets, ...claims, ...services, pod]
      .map((object) => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }))
      .join('---\n');
    await expect(text).toMatchFileSnapshot(`golden/pod-${name}.yaml`);
  });

  it('holds each of its containers, whatever it runs', () => {
    for (const [spec, more] of Object.values(cases)) {
      const { pod } = podObjects(spec, { ...context, ...more });
      expect(pod.spec?.automountServiceAccountToken).toBe(false);
      expect(pod.spec?.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const { securityContext, resources } of pod.spec?.containers ?? []) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          privileged: false,
          readOnlyRootFilesystem: true,
        });
        expect(resources?.limits).toHaveProperty('memory');
      }
      for (const volume of pod.spec?.volumes ?? []) expect(volume).not.toHaveProperty('hostPath');
    }
  });

  it('has no secret in the pod itself, and none that is too large for the API', () => {
    const large = Buffer.alloc(3_000_000, 'x');
    const many = new Map([['/lab/api/large', { content: large, mode: 0o644 }]]);
    const { pod, secrets } = podObjects({ ...program, files: many }, context);
    expect(JSON.stringify(pod)).not.toContain('postgresql://');
    for (const secret of secrets) expect(JSON.stringify(secret).length).toBeLessThan(1_048_576);
    const pieces = secrets.flatMap(({ data = {} }) =>
      Object.entries(data).filter(([key]) => key.startsWith('0-')),
    );
    pieces.sort(([a], [b]) => Number(a.slice(2)) - Number(b.slice(2)));
    const whole = Buffer.concat(pieces.map(([, text]) => Buffer.from(text, 'base64')));
    expect(whole.equals(large)).toBe(true);
  });

  it('is refused where nothing says what to run', () => {
    const { entrypoint, command, ...nothing } = program;
    expect(() => podObjects(nothing, context)).toThrow(/"api" has nothing to run/);
  });
});
