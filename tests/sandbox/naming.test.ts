import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { componentPart, createNaming, sandboxPart, workspaceFolder } from '../../src/sandbox/naming.ts';

const naming = createNaming('3c0fdc1e-43d5-4a7e-9f25-4ef5a1a0b1f1');
const id = fc.oneof(
  fc.stringMatching(/^sb-[a-z0-9]{12}$/),
  fc.stringMatching(/^[a-z0-9_-]{1,40}$/),
  fc.uuid(),
  fc.string({ minLength: 1 }),
);
const component = fc.oneof(
  fc.stringMatching(/^[a-z][a-z0-9-]{0,30}$/),
  fc.constantFrom('database', 'api', 'workspace'),
);
const ref = fc.record({ sandboxId: id, component, generation: fc.integer({ min: 1, max: 99_999 }) });

describe('names', () => {
  it('are readable where the ids are', () => {
    const sb = { sandboxId: 'sb-abc234', component: 'database', generation: 2 };
    expect(naming.database(sb)).toBe(`${naming.prefix}s_sb_abc234_database_2`);
    expect(naming.role(sb, 't')).toBe(`${naming.prefix}s_sb_abc234_database_2_t`);
    expect(workspaceFolder(sb)).toBe('database-2');
  });

  it('fit into 63 bytes and need no quotes', () => {
    fc.assert(fc.property(ref, (r) => /^[a-z][a-z0-9_]{0,62}$/.test(naming.role(r, 'c'))));
  });

  it('are taken apart again', () => {
    fc.assert(
      fc.property(ref, (r) => {
        const parts = { sandboxPart: sandboxPart(r.sandboxId), componentPart: componentPart(r.component) };
        expect(naming.parse(naming.database(r))).toEqual({ ...parts, generation: r.generation });
        expect(naming.parse(naming.role(r, 'a'))).toEqual({ ...parts, generation: r.generation });
      }),
      { numRuns: 500 },
    );
  });

  it('are never shared by two resources', () => {
    fc.assert(
      fc.property(ref, ref, (a, b) => {
        const same =
          a.sandboxId === b.sandboxId && a.component === b.component && a.generation === b.generation;
        expect(naming.database(a) === naming.database(b)).toBe(same);
      }),
      { numRuns: 2_000 },
    );
    const close = [
      ['sb-a', 'b'],
      ['sb', 'a'],
      ['sb-a-b', 'c'],
      ['sb_a', 'b'],
    ] as const;
    const names = close.map(([sandboxId, name]) =>
      naming.database({ sandboxId, component: name, generation: 1 }),
    );
    expect(new Set(names).size).toBe(close.length);
  });

  it('of another installation, of templates and of strangers are not taken for a sandbox', () => {
    const sb = { sandboxId: 'sb-abc234', component: 'database', generation: 2 };
    expect(createNaming('another').parse(naming.database(sb))).toBeNull();
    for (const name of [
      naming.templateDatabase('a'.repeat(64)),
      naming.group('owner'),
      'postgres',
      'sb_x_database_1',
    ]) {
      expect(naming.parse(name), name).toBeNull();
    }
  });
});
