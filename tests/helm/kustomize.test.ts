/** `k8s/`: its base is the chart's default output, and its overlays build. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../src/config.ts';
import { documentsOf, find, kubectl, render, requireTools, toolsMissing } from './helm.ts';
import { baseOf } from './kustomize.ts';

const folder = join(projectRoot, 'k8s');
const build = async (path: string) => documentsOf(await kubectl('kustomize', join(folder, path)));

requireTools();

describe.skipIf(toolsMissing !== null)('k8s', { timeout: 120_000 }, () => {
  it('has a base that is what the chart renders', async () => {
    await expect(baseOf(await render())).toMatchFileSnapshot('../../k8s/base/labwright.yaml');
    const bundled = await render('postgresql.bundled=true', 'redis.bundled=true', 'secret.name=labwright');
    const servers = bundled.filter(({ metadata }) => /-(postgresql|redis)$/.test(metadata.name));
    await expect(baseOf(servers)).toMatchFileSnapshot('../../k8s/overlays/dev/servers.yaml');
  });

  it('builds its base, in the namespace labwright', async () => {
    const all = await build('base');
    expect(find(all, 'Namespace', 'labwright').metadata.labels).toMatchObject({
      'pod-security.kubernetes.io/enforce': 'restricted',
    });
    const inNamespace = all.filter(({ metadata }) => metadata.namespace === 'labwright');
    expect(inNamespace.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['Deployment', 'Service', 'ServiceAccount', 'ConfigMap', 'NetworkPolicy']),
    );
  });

  it('builds a small site for development', async () => {
    const all = await build('overlays/dev');
    expect(all.filter(({ kind }) => kind === 'HorizontalPodAutoscaler')).toEqual([]);
    for (const part of ['api', 'worker']) {
      expect(find(all, 'Deployment', `labwright-${part}`).spec?.replicas, part).toBe(1);
    }
    find(all, 'StatefulSet', 'labwright-postgresql');
    find(all, 'Deployment', 'labwright-redis');
  });

  it('builds a site for production', async () => {
    const all = await build('overlays/production');
    const { data } = find(all, 'ConfigMap', 'labwright');
    expect(data?.LABS_URL).toBe('https://labs.example.org');
    expect(find(all, 'Ingress', 'labwright-labs').spec?.rules?.[0]?.host).toBe('*.labs.example.org');
    expect(all.filter(({ kind }) => kind === 'StatefulSet')).toEqual([]);
    find(all, 'HorizontalPodAutoscaler', 'labwright-api');
  });
});
