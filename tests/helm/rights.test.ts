/** The chart's roles are what the code needs: no more, and no less. Needs no cluster. */
import { describe, expect, it } from 'vitest';
import { permissions } from '../../src/sandbox/kubernetes/client-permissions.ts';
import { rulesOf } from '../../src/sandbox/kubernetes/trainee/rights.ts';
import type { NamespaceRight } from '../../src/templates/types.ts';
import { callOf } from '../support/api-recorder.ts';
import { find, render, requireTools, toolsMissing } from './helm.ts';
import { textOf, verbsOf } from './rules.ts';

const everyRight = Object.keys({
  ...{
    view: 1,
    deploy: 1,
    exec: 1,
    logs: 1,
    'port-forward': 1,
    'read-secrets': 1,
    secrets: 1,
    jobs: 1,
    pvc: 1,
  },
  ...{ autoscale: 1, 'network-policies': 1, 'service-accounts': 1 },
} satisfies Record<NamespaceRight, 1>) as NamespaceRight[];

requireTools();

describe.skipIf(toolsMissing !== null)("the chart's rights", { timeout: 60_000 }, () => {
  it('are, for itself, what Labwright says that it uses', async () => {
    const { rules = [] } = find(await render(), 'ClusterRole', 'labwright-labwright');
    const used = permissions.flatMap(({ group, resource, verbs }) =>
      verbs.map((verb) => textOf({ group, resource, verb })),
    );
    expect(verbsOf(rules)).toEqual([...new Set(used)].sort());
    const named = rules.flatMap(({ resources, resourceNames = [] }) =>
      resources.flatMap((resource) => resourceNames.map((name) => `${resource} ${name}`)),
    );
    const wanted = permissions.flatMap(({ resource, name }) =>
      name === undefined ? [] : `${resource} ${name}`,
    );
    expect(named).toEqual(wanted);
  });

  it('are, for what it grants, what trainees can be given', async () => {
    const { rules = [] } = find(await render(), 'ClusterRole', 'labwright-labwright-trainees');
    // Of one namespace each, which it may read itself.
    const granted = rulesOf(everyRight, 'any').filter(({ resourceNames }) => resourceNames === undefined);
    expect(verbsOf(rules)).toEqual(verbsOf(granted));
  });

  it('hold no wildcard, and nothing that hands out more than is held', async () => {
    for (const { kind, rules = [] } of await render()) {
      if (kind !== 'ClusterRole' && kind !== 'Role') continue;
      const words = rules.flatMap(({ apiGroups, resources, verbs }) => [
        ...apiGroups,
        ...resources,
        ...verbs,
      ]);
      expect(words).not.toContain('*');
      for (const verb of ['escalate', 'bind', 'impersonate']) expect(words).not.toContain(verb);
    }
  });

  it('take in more rules', async () => {
    const rule = 'rbac.extraRules[0]';
    const all = await render(
      `${rule}.apiGroups[0]=example.org`,
      `${rule}.resources[0]=things`,
      `${rule}.verbs[0]=get`,
    );
    expect(verbsOf(find(all, 'ClusterRole', 'labwright-labwright').rules ?? [])).toContain(
      'get things (example.org)',
    );
  });
});

describe('a call of the API, as rights see it', () => {
  it.each([
    ['GET', '/api/v1/pods?labelSelector=a', 'list pods (core)'],
    ['GET', '/api/v1/pods?watch=true', 'watch pods (core)'],
    ['GET', '/api/v1/namespaces/x', 'get namespaces (core)'],
    ['DELETE', '/api/v1/namespaces/x', 'delete namespaces (core)'],
    ['GET', '/api/v1/namespaces/x/pods/y/exec?command=sh', 'get pods/exec (core)'],
    ['PATCH', '/apis/apps/v1/namespaces/x/deployments/y/scale', 'patch deployments/scale (apps)'],
    ['POST', '/api/v1/namespaces/x/serviceaccounts/y/token', 'create serviceaccounts/token (core)'],
    ['DELETE', '/api/v1/namespaces/x/pods', 'deletecollection pods (core)'],
    [
      'PUT',
      '/apis/rbac.authorization.k8s.io/v1/namespaces/x/roles/y',
      'update roles (rbac.authorization.k8s.io)',
    ],
  ])('%s %s is to %s', (method, path, text) => {
    const call = callOf(method, path);
    expect(call && textOf(call)).toBe(text);
  });

  it.each(['/version', '/apis/apps/v1', '/healthz'])('%s is about no resource', (path) => {
    expect(callOf('GET', path)).toBeNull();
  });
});
