/** The whole corpus: how many attacks there are, of which families, and that each is tried without its defence, too. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { type Attack, attackFamilies } from './attack.ts';

const folder = import.meta.dirname;
let attacks: readonly Attack<never>[] = [];

beforeAll(async () => {
  const modules = readdirSync(folder)
    .map((family) => join(folder, family, 'attacks.ts'))
    .filter((path) => existsSync(path));
  const loaded = await Promise.all(modules.map((path) => import(path) as Promise<Record<string, unknown>>));
  attacks = loaded.flatMap((exported) =>
    Object.values(exported).flatMap((list) => (Array.isArray(list) ? (list as Attack<never>[]) : [])),
  );
});

it('holds at least two hundred attacks, of every family', () => {
  expect(attacks.length).toBeGreaterThanOrEqual(200);
  expect([...new Set(attacks.map(({ family }) => family))].sort()).toEqual([...attackFamilies].sort());
});

it('tries each attack with its defence, which has a name, and with it switched off', () => {
  for (const { name, defence, off, run, control } of attacks) {
    expect(
      [name, defence, off].filter((text) => text.trim() === ''),
      name,
    ).toEqual([]);
    expect([typeof run, typeof control], name).toEqual(['function', 'function']);
    expect(control, name).not.toBe(run);
  }
});

it('names no two alike', () => {
  const names = attacks.map(({ family, name }) => `${family}: ${name}`);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});
