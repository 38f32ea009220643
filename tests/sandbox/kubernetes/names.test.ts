import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNames, labelValue, sandboxPart } from '../../../src/sandbox/kubernetes/names.ts';

const names = createNames('installation');
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const id = fc.oneof(
  fc.string(),
  fc.uuid(),
  fc.stringMatching(/^[a-z0-9-]{1,40}$/),
  fc.stringMatching(/^x[0-9a-f]{32}$/),
);
const component = fc.oneof(
  fc.stringMatching(/^[a-z][a-z0-9]{0,12}$/),
  fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
);

describe('names of namespaces', () => {
  it('are DNS labels, whatever the ids are', () => {
    fc.assert(
      fc.property(id, component, (sandboxId, name) => {
        expect(names.controlOf(sandboxId)).toMatch(label);
        expect(names.traineeOf({ sandboxId, component: name })).toMatch(label);
      }),
    );
    expect(names.shared).toMatch(label);
  });

  it('are never the same for two different ones', () => {
    fc.assert(
      fc.property(id, component, id, component, (a, x, b, y) => {
        const all = [names.controlOf(a), names.traineeOf({ sandboxId: a, component: x }), names.shared];
        expect(new Set(all).size).toBe(3);
        if (a !== b) expect(names.controlOf(a)).not.toBe(names.controlOf(b));
        if (a !== b || x !== y) {
          const other = names.traineeOf({ sandboxId: b, component: y });
          expect(names.traineeOf({ sandboxId: a, component: x })).not.toBe(other);
        }
        expect(names.traineeOf({ sandboxId: a, component: x })).not.toBe(names.controlOf(b));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['a', 'b-c', 'a-b', 'c'],
    ['a-n', 'c', 'a', 'n-c'],
  ])('keep %s/%s and %s/%s apart', (a, x, b, y) => {
    expect(names.traineeOf({ sandboxId: a, component: x })).not.toBe(
      names.traineeOf({ sandboxId: b, component: y }),
    );
  });

  it('keep a short id readable', () => {
    expect(names.controlOf('3f0c-2a')).toMatch(/^lw[0-9a-f]{8}-c-3f0c-2a$/);
    expect(names.traineeOf({ sandboxId: '3f0c-2a', component: 'vault' })).toMatch(/-n-3f0c-2a-vault$/);
  });

  it('of two installations are different', () => {
    expect(createNames('another').controlOf('a')).not.toBe(names.controlOf('a'));
  });

  it('are hashes for ids that could be taken for one', () => {
    const hash = sandboxPart('An id with spaces');
    expect(sandboxPart(hash)).not.toBe(hash);
    const value = labelValue('a value with spaces');
    expect(labelValue(value)).not.toBe(value);
  });

  it('make values of labels', () => {
    fc.assert(
      fc.property(id, (text) => {
        expect(labelValue(text)).toMatch(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/);
      }),
    );
  });
});
