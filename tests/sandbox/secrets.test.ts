import { describe, expect, it } from 'vitest';
import { decodeLabels, encodeLabels } from '../../src/sandbox/labels.ts';
import { createSecrets } from '../../src/sandbox/secrets.ts';

const ref = { sandboxId: 'sb-1', component: 'database', generation: 1 };

describe('secrets', () => {
  const derive = createSecrets(Buffer.alloc(32, 1));

  it('are the same for the same place and differ for every other', () => {
    expect(derive(ref, 'p')).toBe(createSecrets(Buffer.alloc(32, 1))(ref, 'p'));
    const others = [
      derive(ref, 'p'),
      derive(ref, 'q'),
      derive({ ...ref, sandboxId: 'sb-2' }, 'p'),
      derive({ ...ref, component: 'api' }, 'p'),
      derive({ ...ref, generation: 2 }, 'p'),
      createSecrets(Buffer.alloc(32, 2))(ref, 'p'),
    ];
    expect(new Set(others).size).toBe(others.length);
  });

  it('go into URLs as they are and are long enough for an HS256 key', () => {
    expect(derive(ref, 'p')).toMatch(/^[A-Za-z0-9_-]{32}$/);
  });
});

describe('labels', () => {
  it('survive any id', () => {
    const labels = { installationId: 'a/b', sandboxId: 'sb 1=%', component: 'ü', generation: 7 };
    expect(decodeLabels(encodeLabels(labels))).toEqual(labels);
  });

  it('are not read out of anything else', () => {
    for (const line of ['', 'a/b/c', 'a/b/c/d', 'a/b/c/1/e', '%/b/c/1', '//c/1'])
      expect(decodeLabels(line), line).toBeNull();
  });
});
