import { describe, expect, it } from 'vitest';
import { closure, dataOf } from '../../src/grading/trials/fork-plan.ts';
import { createLiveLock } from '../../src/grading/trials/live-lock.ts';
import type { ComponentSpec } from '../../src/templates/types.ts';
import { templateOf } from '../support/graded-lab.ts';

const { database, workspace } = templateOf([]).template.components;
if (database === undefined || workspace === undefined) throw new Error('the template has both');
const service: ComponentSpec = {
  kind: 'service',
  uses: ['database', 'partner', 'workspace'],
  custody: 'trainee',
  image: null,
  command: ['node', 'main.ts'],
  source: { shell: 'workspace', path: 'app', reload: 'never', editable: [] },
  files: null,
  port: 80,
  ready: { by: 'tcp' },
  env: {},
};
const partner: ComponentSpec = {
  kind: 'stub',
  uses: [],
  custody: 'platform',
  file: 'p.yaml',
  mood: 'calm',
  trainee: [],
};
const components = { workspace, other: workspace, service, partner, database };

describe('closure', () => {
  it('takes what is used, in the template’s order, and nothing else', () => {
    expect(closure(['service'], components)).toEqual(['workspace', 'service', 'partner', 'database']);
    expect(closure(['database'], components)).toEqual(['database']);
  });

  it('knows what holds data', () => {
    expect(dataOf(Object.keys(components), components)).toEqual(['workspace', 'other', 'database']);
  });
});

describe('the live lock', () => {
  it('lets looks run side by side, and a change alone and in its turn', async () => {
    const lock = createLiveLock();
    const log: string[] = [];
    const gates = new Map<string, () => void>();
    const work = (name: string) => () =>
      new Promise<void>((resolve) => {
        log.push(`${name} begins`);
        gates.set(name, () => {
          log.push(`${name} ends`);
          resolve();
        });
      });
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const all = [
      lock.look(work('a')),
      lock.look(work('b')),
      lock.alone(work('change')),
      lock.look(work('c')),
    ];
    await turn();
    expect(log).toEqual(['a begins', 'b begins']);
    for (const name of ['a', 'b']) gates.get(name)?.();
    await turn();
    expect(log.slice(4)).toEqual(['change begins']);
    gates.get('change')?.();
    await turn();
    gates.get('c')?.();
    await Promise.all(all);
    expect(log.slice(4)).toEqual(['change begins', 'change ends', 'c begins', 'c ends']);
  });

  it('goes on after what failed', async () => {
    const lock = createLiveLock();
    await expect(lock.alone(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(lock.look(() => Promise.reject(new Error('no look')))).rejects.toThrow('no look');
    expect(await lock.alone(async () => 1)).toBe(1);
    expect(await lock.look(async () => 2)).toBe(2);
  });
});
