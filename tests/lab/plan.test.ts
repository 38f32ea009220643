import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../src/lab/lab.ts';
import { needsOf } from '../../src/lab/personal.ts';
import { blueprintOf, originOf, planOf } from '../../src/lab/plan.ts';
import type { ComponentSpec } from '../../src/templates/types.ts';
import { versionWith } from '../support/versions.ts';

const plain = versionWith('t', 't-1').template.components;
const stub: ComponentSpec = {
  kind: 'stub',
  uses: [],
  custody: 'platform',
  file: 'partner.yaml',
  mood: 'calm',
  trainee: [],
};

function componentsWith(change: (components: Record<string, ComponentSpec>) => void) {
  const components = structuredClone(plain) as Record<string, ComponentSpec>;
  change(components);
  return components;
}

function overlaid() {
  return componentsWith((components) => {
    if (components.database?.kind === 'postgres') {
      components.database = { ...components.database, overlay: ['mine.sql'] };
    }
  });
}

describe('what is personal', () => {
  it('is nothing in a template without stubs, overlays and filled variables', () => {
    expect(needsOf(plain)).toEqual({ personal: new Set(), drawsFirst: false });
  });

  it('is a stub and whatever uses it, through others too', () => {
    const components = componentsWith((all) => {
      all.partner = stub;
      if (all.api) all.api = { ...all.api, uses: ['database', 'partner'] };
      if (all.workspace) all.workspace = { ...all.workspace, uses: ['api'] };
    });
    expect(needsOf(components).personal).toEqual(new Set(['partner', 'api', 'workspace']));
  });

  it('is a namespace, whose objects may hold parameters', () => {
    const components = componentsWith((all) => {
      all.production = {
        kind: 'namespace',
        uses: [],
        custody: 'trainee',
        objects: 'objects/',
        rights: ['view'],
        storage: {},
        pods: 20,
      };
    });
    expect(needsOf(components).personal).toEqual(new Set(['production']));
  });

  it('is what uses a database with an overlay, but not that database, whose rows may be drawn from', () => {
    expect(needsOf(overlaid())).toEqual({ personal: new Set(['api']), drawsFirst: true });
  });

  it('is a program whose variables hold a parameter, however it is written', () => {
    const components = componentsWith((all) => {
      if (all.api?.kind === 'sample-api') all.api = { ...all.api, env: { KEY: 'a-{{ params.key }}' } };
    });
    expect(needsOf(components).personal).toEqual(new Set(['api']));
  });
});

describe('a plan', () => {
  const version = versionWith('t', 't-1');
  const row = { generation: 3, observed: 'running', servedGeneration: 3, detail: null } as const;
  const live: Sandbox = {
    id: 'sb-live',
    version: 1,
    state: 'up',
    labId: 'lab-1',
    owner: null,
    origin: null,
    templateId: 't',
    templateHash: 't-1',
    backend: 'process',
    components: { database: row, api: row, workspace: row },
    survey: null,
    failures: 0,
    nextTryAt: null,
    lastError: null,
    createdAt: new Date(0),
  };

  it('of a fork has only its own components, and clones from the generations of then', () => {
    const first = { ...row, generation: 1 };
    const fork: Sandbox = {
      ...live,
      id: 'sb-fork',
      labId: null,
      owner: 'attempt:att-1',
      origin: { ...originOf(live), generations: { database: 3, workspace: 2 } },
      components: { database: first, workspace: first },
    };
    const plan = planOf(fork, version, { n: 1 });
    expect(Object.keys(plan.components)).toEqual(['database', 'workspace']);
    expect(plan.params).toEqual({ n: 1 });
    expect(plan.origin?.sandboxId).toBe('sb-live');
    expect(plan.origin?.components.database?.generation).toBe(3);
    expect(plan.origin?.components.workspace?.generation).toBe(2);
    expect(plan.origin?.components.api).toBeUndefined();
  });

  it('counts what runs from the trainee’s files as theirs, whatever its template says', () => {
    const source = { shell: 'workspace', path: 'api', reload: 'on-save', editable: [] } as const;
    const components = componentsWith((all) => {
      if (all.api?.kind === 'sample-api') all.api = { ...all.api, source };
    });
    const blueprint = blueprintOf(versionWith('t', 't-2', { components }));
    expect(blueprint.traineeCustody.has('api')).toBe(true);
    expect(blueprint.fromSource).toEqual(new Set(['api']));
  });
});
