import { expect, it } from 'vitest';
import { prune } from '../../src/lab/prune.ts';
import type { TemplateVersion } from '../../src/templates/types.ts';
import { createMemoryDriver, MemoryBackend } from '../fakes/memory-driver.ts';
import { versionWith } from '../support/versions.ts';

it('keeps what is newest and what labs are made of, and nothing else', async () => {
  const newest = versionWith('a', 'a-2');
  const pinned = versionWith('a', 'a-1');
  const asked: (readonly TemplateVersion[])[] = [];
  const driver = {
    ...createMemoryDriver({ backend: new MemoryBackend(), now: () => new Date() }),
    prune: async (needed: readonly TemplateVersion[]) => void asked.push(needed),
  };
  await prune(
    {
      labs: { livingTemplates: async () => ['a-1', 'unknown-here'] },
      templates: { list: async () => [newest], load: async () => newest, problems: async () => [] },
      templateStore: { load: async (hash) => (hash === 'a-1' ? pinned : null) },
      drivers: [driver],
    },
    new AbortController().signal,
  );
  expect(asked.map((versions) => versions.map(({ hash }) => hash))).toEqual([['a-2', 'a-1']]);
});
