import { expect, it } from 'vitest';
import { cacheTemplates } from '../../src/store/cached-templates.ts';
import type { TemplateVersion } from '../../src/templates/types.ts';
import { versionWith } from '../support/versions.ts';

function counting(versions: Map<string, TemplateVersion>) {
  const calls = { load: 0, save: 0, fail: false };
  return {
    calls,
    async save(version: TemplateVersion) {
      calls.save++;
      versions.set(version.hash, version);
    },
    async load(hash: string) {
      calls.load++;
      if (calls.fail) throw new Error('the database is away');
      return versions.get(hash) ?? null;
    },
  };
}

it('reads a version once, however many ask at the same time', async () => {
  const behind = counting(new Map([['h', versionWith('a', 'h')]]));
  const store = cacheTemplates(behind);
  const found = await Promise.all([store.load('h'), store.load('h'), store.load('h')]);
  expect(found.map((version) => version?.hash)).toEqual(['h', 'h', 'h']);
  expect(behind.calls.load).toBe(1);
});

it('asks again for what was not there or could not be read', async () => {
  const behind = counting(new Map());
  const store = cacheTemplates(behind);
  expect(await store.load('h')).toBeNull();
  behind.calls.fail = true;
  await expect(store.load('h')).rejects.toThrow('away');
  behind.calls.fail = false;
  await store.save(versionWith('a', 'h'));
  expect((await store.load('h'))?.hash).toBe('h');
});

it('forgets the version that was used least recently', async () => {
  const behind = counting(new Map(['1', '2', '3'].map((h) => [h, versionWith('a', h)])));
  const store = cacheTemplates(behind, 2);
  for (const hash of ['1', '2', '1', '3', '1', '2']) await store.load(hash);
  expect(behind.calls.load).toBe(4);
});
