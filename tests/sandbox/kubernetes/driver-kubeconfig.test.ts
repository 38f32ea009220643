/** A workspace whose programs find their way to the lab's own namespaces, and to nothing else of the cluster. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxPlan } from '../../../src/lab/ports.ts';
import { ensureClusterImages } from '../../support/cluster-images.ts';
import { imagesTimeoutMs } from '../../support/images.ts';
import { kubernetesMissing, requireKubernetes } from '../../support/kubernetes.ts';
import { type KubernetesSubject, startKubernetesDriver } from '../../support/kubernetes-driver.ts';
import { planOf, production } from './plans.ts';

requireKubernetes();

describe.skipIf(kubernetesMissing !== null)('a workspace with a kubeconfig', { timeout: 120_000 }, () => {
  let subject: KubernetesSubject;
  let plan: SandboxPlan;
  let signal: AbortSignal;
  const limits = { timeoutMs: 60_000, maxBytes: 100_000 };
  const kubectl = (...argv: string[]) =>
    subject.driver.exec(plan, 'workspace', ['kubectl', ...argv], limits, signal);

  beforeAll(async () => void (await ensureClusterImages()), imagesTimeoutMs);
  beforeAll(async () => {
    subject = await startKubernetesDriver();
    signal = AbortSignal.timeout(300_000);
    const whole = planOf('sb-kubeconfig', {
      production,
      workspace: {
        ...{ kind: 'shell', uses: ['production'], custody: 'trainee', files: null, tools: ['kubectl'] },
        kubeconfig: ['production'],
      },
    });
    const { production: namespace, workspace } = whole.components;
    if (namespace === undefined || workspace === undefined) throw new Error('no plan');
    plan = { ...whole, components: { production: namespace, workspace } };
    await subject.driver.ensure(plan, 'production', signal);
    await subject.driver.ensure(plan, 'workspace', signal);
  }, 240_000);
  afterAll(() => subject?.stop(), 180_000);

  it('finds its namespace by itself', async () => {
    const made = await kubectl('create', 'configmap', 'mine', '--from-literal=a=1');
    expect(made).toMatchObject({ exitCode: 0 });
    const access = subject.driver.access(plan, 'production');
    const namespace = access.kind === 'namespace' ? access.namespace : '';
    const name = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'mine' };
    expect(await subject.test.cluster.read(name, signal)).toMatchObject({ data: { a: '1' } });
  });

  it('may do nothing where the platform has its own', async () => {
    const { namespace } = await subject.podOf(plan.sandboxId, 'workspace');
    for (const what of ['pods', 'secrets', 'serviceaccounts']) {
      const refused = await kubectl('get', what, '--namespace', namespace);
      expect(refused.exitCode).not.toBe(0);
      expect(refused.stderr).toContain('forbidden');
    }
  });

  it('keeps its token out of what is exported and copied', async () => {
    const query = { glob: '**', maxFiles: 1_000, maxBytesEach: 1_000_000 };
    const found = await subject.driver.readFiles(plan, 'workspace', query, signal);
    for (const { content } of found) expect(Buffer.from(content ?? []).toString()).not.toContain('token');
    expect(found.map(({ path }) => path)).not.toContain('.kube/config');
  });

  it('has none in a copy of the lab, which has no namespace', async () => {
    const { workspace } = plan.components;
    if (workspace === undefined) throw new Error('no workspace');
    const fork = { ...plan, sandboxId: 'sb-kubeconfig-fork', components: { workspace }, origin: plan };
    await subject.driver.ensure(fork, 'workspace', signal);
    const { exitCode } = await subject.driver.exec(
      fork,
      'workspace',
      ['kubectl', 'get', 'pods', '--request-timeout=5s'],
      limits,
      signal,
    );
    expect(exitCode).not.toBe(0);
    await subject.driver.destroy(fork.sandboxId, signal);
  });
});
