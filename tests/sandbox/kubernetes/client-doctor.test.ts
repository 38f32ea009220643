import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kubernetesLooks } from '../../../src/compose/diagnose-kubernetes.ts';
import type { Found } from '../../../src/compose/finding.ts';
import { loadConfig } from '../../../src/config.ts';
import { label } from '../../../src/sandbox/kubernetes/labels.ts';
import { createSpaces } from '../../../src/sandbox/kubernetes/spaces.ts';
import { startCutOffCluster } from '../../support/cut-off-cluster.ts';
import {
  kubeconfigPath,
  kubernetesMissing,
  requireKubernetes,
  startTestCluster,
  type TestCluster,
} from '../../support/kubernetes.ts';
import { planOf } from './plans.ts';

requireKubernetes();

describe.skipIf(kubernetesMissing !== null)('what the doctor finds of a cluster', () => {
  let test: TestCluster;
  const signal = () => AbortSignal.timeout(60_000);
  const usual = kubeconfigPath === null ? {} : { KUBECONFIG: kubeconfigPath };

  beforeAll(async () => {
    test = startTestCluster();
    const { cluster, installationId } = test;
    // Pod security is tried in a lab's namespace.
    await createSpaces({ cluster, installationId, own: null }).ensure(planOf('doctor'), signal());
  }, 60_000);
  afterAll(() => test?.stop(), 120_000);

  async function findings(env: Record<string, string>): Promise<Readonly<Record<string, Found>>> {
    const looks = await kubernetesLooks(loadConfig({}, { ...usual, ...env }));
    const found = await Promise.all(looks.map(async ([, what, look]) => [what, await look()] as const));
    return Object.fromEntries(found);
  }

  it('is only the cluster, where the backend is not enabled', async () => {
    expect(Object.keys(await findings({}))).toEqual(['cluster']);
  });

  it('is all that labs need', async () => {
    const found = await findings({ BACKENDS: 'kubernetes', LABWRIGHT_IMAGE: 'labwright:not-here' });
    expect(found.cluster).toMatchObject({
      status: 'ok',
      found: expect.stringMatching(/^v1\.\d+.* at https:/),
    });
    expect(found.permissions).toMatchObject({ status: 'ok' });
    expect(found.nodes).toMatchObject({ found: expect.stringMatching(/^\d+ of \d+ are ready$/) });
    expect(found['pod security']).toMatchObject({ status: 'ok' });
    expect(found['network policies']).toMatchObject({ status: 'warn' });
    expect(found['image labwright:not-here']).toMatchObject({ status: 'warn' });
  }, 60_000);

  it('names classes that are not there', async () => {
    const found = await findings({
      BACKENDS: 'kubernetes',
      KUBERNETES_STORAGE_CLASS: 'none-such',
      KUBERNETES_RUNTIME_CLASS: 'none-such',
    });
    const missing = { status: 'missing', found: expect.stringContaining('none-such') };
    expect(found).toMatchObject({ storage: missing, runtime: missing });
  }, 60_000);

  it('names each permission that is missing', async () => {
    const { cluster, installationId } = test;
    const namespace = `${installationId}-rights`;
    const labels = { [label.installation]: installationId };
    await cluster.create(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } },
      signal(),
    );
    const account = { namespace, name: 'nobody' };
    await cluster.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: account }, signal());
    const { token } = await cluster.token(account, 600, signal());
    const way = await startCutOffCluster(cluster.config, token);
    const found = await findings({ BACKENDS: 'kubernetes', KUBECONFIG: way.path });
    await way.stop();
    expect(found.permissions).toMatchObject({ status: 'missing' });
    expect(found.permissions?.found).toContain('create pods/exec');
    expect(found.permissions?.found).toContain('patch networkpolicies (networking.k8s.io)');
    expect(found.nodes).toMatchObject({ status: 'warn' });
  }, 60_000);

  it('says where nothing answers', async () => {
    const way = await startCutOffCluster(test.cluster.config);
    await way.cut();
    const found = await findings({ BACKENDS: 'kubernetes', KUBECONFIG: way.path });
    expect(found.cluster).toMatchObject({ status: 'missing', found: expect.stringContaining(way.url) });
    const nowhere = await findings({ BACKENDS: 'kubernetes', KUBECONFIG: '/no/such/file' });
    expect(nowhere.cluster).toMatchObject({
      status: 'missing',
      found: expect.stringContaining('/no/such/file'),
    });
  }, 60_000);
});
