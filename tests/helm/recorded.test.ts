/**
 * Whole labs under the identity that the chart gives, all of whose calls are recorded: what is used is held, and what is
 * held is used.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { projectRoot } from '../../src/config.ts';
import { loadKubeConfig } from '../../src/sandbox/kubernetes/client-config.ts';
import { makeDataFolder, removeDataFolder } from '../cli/labwright.ts';
import { type ApiCall, type ApiRecorder, startApiRecorder } from '../support/api-recorder.ts';
import { ensureClusterImages } from '../support/cluster-images.ts';
import { imagesTimeoutMs } from '../support/images.ts';
import { kubeconfigPath, kubernetesMissing, requireKubernetes } from '../support/kubernetes.ts';
import { kubectl, requireTools, toolsMissing } from './helm.ts';
import { type Identity, startIdentity } from './identity.ts';
import { textOf, verbsOf } from './rules.ts';

const minute = 60_000;
const missing = toolsMissing ?? kubernetesMissing;

/** Held, and not always seen in these labs: why. */
const unseen: Readonly<Record<string, string>> = {
  'create pods/exec (core)': 'newer clusters ask for it where older ones ask for get',
  'create pods/portforward (core)': 'the same',
  'get limitranges (core)': 'what keeps a lab apart is looked at again after a minute',
  'get networkpolicies (networking.k8s.io)': 'the same',
  'get services (core)': 'traffic into a namespace asks where its target is',
  'delete services (core)': 'a component that is given up by itself',
  'list secrets (core)': 'the same',
  'delete secrets (core)': 'the same',
  'list persistentvolumeclaims (core)': 'the same, with a StorageClass',
  'delete persistentvolumeclaims (core)': 'the same',
  'get secrets (core)': 'made whole again where somebody deleted it',
  'delete serviceaccounts (core)': 'rights that end before their lab',
  'get roles (rbac.authorization.k8s.io)': 'made whole again where somebody deleted it',
  'get rolebindings (rbac.authorization.k8s.io)': 'the same',
  'create validatingadmissionpolicies (admissionregistration.k8s.io)':
    'only the first lab of a cluster makes it',
  'patch validatingadmissionpolicies (admissionregistration.k8s.io)': 'the same',
  'create validatingadmissionpolicybindings (admissionregistration.k8s.io)': 'the same',
  'patch validatingadmissionpolicybindings (admissionregistration.k8s.io)': 'the same',
};

requireTools();
requireKubernetes();

describe.skipIf(missing !== null)('labs under the identity of the chart', { timeout: 20 * minute }, () => {
  let identity: Identity;
  let recorder: ApiRecorder;
  let folder: string;
  const calls: ApiCall[] = [];

  beforeAll(async () => {
    await ensureClusterImages({ for: 'labs' });
    folder = makeDataFolder();
    identity = await startIdentity();
    recorder = await startApiRecorder(loadKubeConfig({ kubeconfig: kubeconfigPath, context: null }));
  }, imagesTimeoutMs);
  afterAll(async () => {
    await recorder?.close();
    await identity?.stop();
    removeDataFolder(folder);
  }, 3 * minute);

  /** `labwright …` as the chart's account, through the recorder. */
  async function labwright(...args: readonly string[]): Promise<{ code: number | null; said: string }> {
    const kubeconfig = join(folder, 'kubeconfig');
    const named = <T extends object>(kind: string, what: T) => [{ name: 'recorded', [kind]: what }];
    writeFileSync(
      kubeconfig,
      stringify({
        ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'recorded' },
        // Without TLS, which the client asks for by this name.
        clusters: named('cluster', { server: recorder.url, 'insecure-skip-tls-verify': true }),
        users: named('user', { token: identity.token }),
        contexts: named('context', { cluster: 'recorded', user: 'recorded' }),
      }),
      { mode: 0o600 },
    );
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(join(projectRoot, 'src/cli/labwright'), args, {
      env: {
        PATH,
        HOME,
        KUBECONFIG: kubeconfig,
        BACKENDS: 'kubernetes',
        SPARES: '0',
        KUBERNETES_HOST_VOLUMES: '/tmp/labwright-volumes',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, said };
  }

  it.each(['dm-customer-lifecycle', 'dm-backup'])('solves %s, refused nothing', async (template) => {
    const before = recorder.calls(identity.token).length;
    const { code, said } = await labwright('try', template, '--solve', '--data-dir', folder);
    const made = recorder.calls(identity.token).slice(before);
    calls.push(...made);
    const refused = made.filter(({ status }) => status === 401 || status === 403);
    expect(refused.map((one) => `${one.status} ${textOf(one)} ${one.path}`)).toEqual([]);
    expect(code, said.slice(-3_000)).toBe(0);
    expect(made.length).toBeGreaterThan(20);
  });

  it('uses what it holds', () => {
    const used = new Set(calls.map(textOf));
    // Server-side apply makes what is not there, and rights are asked for both.
    for (const one of calls)
      if (one.verb === 'patch' && one.status === 201) used.add(textOf({ ...one, verb: 'create' }));
    const held = verbsOf(identity.own);
    expect(held.filter((one) => !used.has(one) && !(one in unseen))).toEqual([]);
    expect(Object.keys(unseen).filter((one) => !held.includes(one))).toEqual([]);
    const all = new Set([...held, ...verbsOf(identity.granted)]);
    expect([...used].filter((one) => !all.has(one)).sort()).toEqual([]);
  });

  it('leaves nothing', async () => {
    const selector = 'labwright.dev/installation';
    const found = await kubectl('get', 'namespaces', '--selector', selector, '--output=name');
    const made = calls
      .filter(({ resource, verb }) => resource === 'namespaces' && verb === 'patch')
      .map(({ path }) => /namespaces\/([^?]+)/.exec(path)?.[1])
      .filter((name) => !/-shared(-volumes)?$/.test(name ?? ''));
    expect(made.length).toBeGreaterThan(0);
    expect(made.filter((name) => found.includes(`${name}\n`))).toEqual([]);
  });
});
