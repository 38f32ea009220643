import { afterEach, beforeEach, expect, it } from 'vitest';
import type { KubernetesObject } from '../../src/lab/namespaces.ts';
import { changesBetween, type LabState, stateOf } from '../../src/proving/state.ts';
import { namespacesVersion, webDeployment } from '../contracts/namespaces-contract.ts';
import { testHandle } from '../support/handle.ts';
import { type OpenedNamespaces, openMemoryNamespaces } from '../support/memory-namespaces.ts';

const signal = AbortSignal.timeout(20_000);
let opened: OpenedNamespaces;

beforeEach(async () => {
  opened = await openMemoryNamespaces();
});
afterEach(() => opened.close());

function state(namespace = 'lw-1-production'): Promise<LabState> {
  const handle = testHandle({ production: { kind: 'namespace', namespace } }, { namespaces: opened.handle });
  return stateOf(handle, namespacesVersion().template, signal);
}

const service = (clusterIP: string, port = 80): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', resourceVersion: clusterIP },
  spec: { clusterIP, ports: [{ port, nodePort: 30_000 + clusterIP.length }] },
});

it('of a namespace is what its objects ask for, not what controllers make of it', async () => {
  await opened.apply(webDeployment(2), service('10.0.0.1'));
  const before = await state();
  expect([...before.keys()].sort()).toContain('production Deployment web');
  expect([...before.keys()].filter((name) => name.includes('ReplicaSet'))).toEqual([]);
  const web = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
  const status = { status: { availableReplicas: 0 } };
  await opened.handle.patch('production', 'grader', web, status, signal);
  await opened.apply(service('10.0.0.123'));
  expect(changesBetween(before, await state())).toEqual([]);
  await opened.handle.scale('production', 'grader', web, 1, signal);
  await opened.apply(service('10.0.0.1', 81));
  expect(changesBetween(before, await state())).toEqual(
    expect.arrayContaining(['production Deployment web', 'production Service web']),
  );
});

it('of a namespace is the same in another generation, under another name', async () => {
  const config = (name: string): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c' },
    data: { url: `http://web.${name}.svc` },
  });
  await opened.apply(config('lw-1-production'));
  const before = await state('lw-1-production');
  await opened.apply(config('lw-2-production'));
  expect(changesBetween(before, await state('lw-2-production'))).toEqual([]);
});

it('of a namespace that cannot be seen is not known', async () => {
  const handle = testHandle({ production: { kind: 'namespace', namespace: 'x' } });
  expect(await stateOf(handle, namespacesVersion().template, signal)).toEqual(
    new Map([['production', null]]),
  );
});
