import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { createNames } from '../../../src/sandbox/kubernetes/names.ts';
import type { PolicyNeeds } from '../../../src/sandbox/kubernetes/policies.ts';
import { controlObjects, sharedObjects } from '../../../src/sandbox/kubernetes/spaces-objects.ts';
import type { ComponentSpec } from '../../../src/templates/types.ts';
import { planOf, production } from './plans.ts';

const needs: PolicyNeeds = {
  installationId: 'school-7f3a',
  names: createNames('school-7f3a'),
  own: null,
  apiServers: [],
};
const now = new Date('2026-01-02T03:04:05.678Z');
const shell: ComponentSpec = {
  ...{ kind: 'shell', uses: ['production'], custody: 'trainee', files: null, tools: ['kubectl'] },
  kubeconfig: ['production'],
};
const inCluster: PolicyNeeds = {
  ...needs,
  own: { namespace: 'labwright', podLabels: { 'app.kubernetes.io/name': 'labwright' } },
  apiServers: [
    { ip: '192.0.2.10', port: 6443 },
    { ip: '2001:db8::1', port: 6443 },
  ],
};

const cases = {
  lab: controlObjects(planOf('3f0c2a'), needs, now),
  fork: controlObjects(planOf('9b1d77', {}, planOf('3f0c2a')), needs, now),
  'lab-with-namespace': controlObjects(planOf('aa01', { production, workspace: shell }), inCluster, now),
  shared: sharedObjects(inCluster, now),
};

describe('the objects of a namespace', () => {
  it.each(Object.entries(cases))('of a %s are those of its golden file', async (name, made) => {
    const documents = [made.namespace, ...made.contents].map((one) =>
      stringify(one, { aliasDuplicateObjects: false }),
    );
    await expect(documents.join('---\n')).toMatchFileSnapshot(`golden/${name}.yaml`);
  });

  it('are the same for the same plan', () => {
    const again = controlObjects(planOf('3f0c2a'), needs, now);
    expect(again).toEqual(cases.lab);
  });

  it('let nothing in and nothing out that is not named', () => {
    for (const { contents } of Object.values(cases)) {
      const policies = contents.filter((one): one is Policy => 'kind' in one && one.kind === 'NetworkPolicy');
      const denial = policies.find(({ spec }) => spec.ingress === undefined && spec.egress === undefined);
      expect(denial?.spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
      for (const { spec } of policies) {
        // An empty list of peers would be everybody.
        for (const { from } of spec.ingress ?? []) expect(from.length).toBeGreaterThan(0);
        for (const { to } of spec.egress ?? []) expect(to.length).toBeGreaterThan(0);
        const peers = [
          ...(spec.ingress ?? []).flatMap((one) => one.from),
          ...(spec.egress ?? []).flatMap((one) => one.to),
        ];
        for (const { namespaceSelector } of peers) expect(namespaceSelector).not.toEqual({});
      }
    }
  });
});

interface Policy {
  readonly kind: 'NetworkPolicy';
  readonly spec: {
    readonly ingress?: readonly { readonly from: readonly Peer[] }[];
    readonly egress?: readonly { readonly to: readonly Peer[] }[];
  };
}

interface Peer {
  readonly namespaceSelector?: object;
}
