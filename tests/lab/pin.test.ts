import { expect, it } from 'vitest';
import { createPinner } from '../../src/lab/pin.ts';
import { servedTemplates } from '../../src/lab/releases/served-templates.ts';
import { createMemoryDriver, MemoryBackend } from '../fakes/memory-driver.ts';
import { createMemoryStore } from '../fakes/memory-store.ts';
import { versionWith } from '../support/versions.ts';

const now = () => new Date(0);

function pinner(lacks: readonly string[]) {
  const driver = { ...createMemoryDriver({ backend: new MemoryBackend(), now }), lacks: () => lacks };
  const store = createMemoryStore({ now });
  const drafts = { list: async () => [], load: async () => null, problems: async () => [] };
  const served = { drafts, releases: store, templateStore: store, nearest: () => null };
  return createPinner({
    ...served,
    templates: servedTemplates(served),
    drivers: new Map([['process', driver]]),
    defaultBackend: 'process',
  });
}

it('pins a lab to a backend that lacks nothing', () => {
  expect(pinner([]).backendFor(versionWith('t', 't-1'), undefined)).toBe('process');
});

it('refuses a lab that its backend cannot make, and says why', () => {
  const missing = 'redis-server is not installed.';
  for (const asked of [undefined, 'process']) {
    expect(() => pinner([missing]).backendFor(versionWith('t', 't-1'), asked)).toThrow(
      expect.objectContaining({ code: 'backend_not_supported', message: expect.stringContaining(missing) }),
    );
  }
});
