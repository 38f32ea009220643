import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Observation } from '../../src/grading/types.ts';
import { mutantsObserver } from '../../src/observers/mutants.ts';
import type { ComponentSpec } from '../../src/templates/types.ts';
import { lookContext, noRecords, testHandle } from '../support/handle.ts';

const reference = 'export const add = (a, b) => a + b;\nexport const sub = (a, b) => a - b;\n';
const mutate = (from: string, to: string, at: string) =>
  `--- a/src/math.mjs\n+++ b/src/math.mjs\n@@ -${at} +${at} @@\n-${from}\n+${to}\n`;
const template: Readonly<Record<string, string>> = {
  'grader/reference/src/math.mjs': reference,
  'grader/reference/test/ours.mjs': 'process.exit(7)',
  'grader/mutants/no-add.patch': `Adding is wrong\n\n${mutate('export const add = (a, b) => a + b;', 'export const add = (a, b) => a;', '1')}`,
  'grader/mutants/no-sub.patch': mutate(
    'export const sub = (a, b) => a - b;',
    'export const sub = (a, b) => { for (;;); };',
    '2',
  ),
  'grader/mutants/misfit.patch': mutate('export const mul = 1;', 'x', '1'),
};
const testsAdd =
  "import { add } from '../src/math.mjs';\nif (add(1, 2) !== 3) { console.log('add!'); process.exit(1); }\n";
const testsBoth = `${testsAdd}const { sub } = await import('../src/math.mjs');\nif (sub(3, 2) !== 1) process.exit(1);\n`;

let root: string;
let copies = 0;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'labwright-mutants-'));
  mkdirSync(join(root, 'live/api/src'), { recursive: true });
  mkdirSync(join(root, 'live/api/test'), { recursive: true });
  writeFileSync(join(root, 'live/api/src/math.mjs'), 'process.exit(9);');
});
afterAll(() => rmSync(root, { recursive: true }));

const component = {
  kind: 'service',
  source: { shell: 'workspace', path: 'api', reload: 'on-save', editable: [] },
} as Partial<ComponentSpec> as ComponentSpec;

function ask(tests: string, more: object = {}): Promise<Observation> {
  writeFileSync(join(root, 'live/api/test/mine.mjs'), tests);
  const records = {
    ...noRecords,
    scratch: async () => {
      copies += 1;
      const path = join(root, `copy-${copies}`);
      cpSync(join(root, 'live'), path, { recursive: true });
      return testHandle({ workspace: { kind: 'shell', path } });
    },
  };
  const text = (path: string) => template[path];
  const context = lookContext(testHandle({}), {
    records,
    component: (name) => (name === 'integration' ? component : null),
    templateFiles: Object.keys(template),
    templateFile: (path) => {
      const found = text(path);
      return found === undefined ? null : new TextEncoder().encode(found);
    },
  });
  const spec = mutantsObserver.spec.parse({
    component: 'integration',
    run: [process.execPath, 'test/mine.mjs'],
    limit: '2s',
    on: ['grader/mutants/no-add.patch', 'grader/mutants/no-sub.patch'],
    reference: 'grader/reference/',
    tests: ['test/**'],
    ...more,
  });
  return mutantsObserver.observe(spec, context, AbortSignal.timeout(60_000));
}

describe('mutants', () => {
  it('tells which broken versions the tests noticed, and which not by their titles', async () => {
    expect(await ask(testsAdd)).toMatchObject({
      outcome: 'seen',
      value: {
        reference: { exitCode: 0, timedOut: false },
        killed: ['no-add'],
        survived: ['no-sub'],
        survivedTitles: 'no-sub',
        timedOut: [],
      },
    });
    expect(await ask('')).toMatchObject({ value: { killed: [], survivedTitles: 'Adding is wrong; no-sub' } });
  });

  it('counts tests that hang over a mutant as noticing it', async () => {
    expect(await ask(testsBoth)).toMatchObject({
      value: { killed: ['no-add', 'no-sub'], survived: [], timedOut: ['no-sub'] },
    });
  });

  it('kills nothing with tests that fail on the reference', async () => {
    expect(await ask("console.error('broken'); process.exit(3);")).toMatchObject({
      value: { reference: { exitCode: 3, output: 'broken' }, killed: [], survived: ['no-add', 'no-sub'] },
    });
  });

  it('is not fooled by tests that fail whenever they have run before', async () => {
    const memory = JSON.stringify(join(root, 'memory'));
    const fails = `import fs from 'node:fs'; if (fs.existsSync(${memory})) process.exit(1); fs.writeFileSync(${memory}, '');`;
    expect(await ask(fails)).toMatchObject({ value: { reference: { exitCode: 1 }, killed: [] } });
  });

  it('is not fooled by what an earlier run left in its folder, nor by output without end', async () => {
    const leaves = `${testsAdd} import fs from 'node:fs'; if (fs.existsSync('left')) process.exit(1); fs.writeFileSync('left', '');`;
    expect(await ask(leaves)).toMatchObject({ value: { reference: { exitCode: 0 }, killed: ['no-add'] } });
    const floods = 'for (;;) console.log("x".repeat(1000));';
    const seen = await ask(floods);
    expect(seen).toMatchObject({ value: { killed: [] } });
    expect(JSON.stringify(seen).length).toBeLessThan(10_000);
  });

  it('is our fault when the template does not fit itself', async () => {
    expect(await ask('', { on: ['grader/mutants/misfit.patch'] })).toMatchObject({ problem: 'bug' });
    expect(await ask('', { on: ['grader/mutants/gone.patch'] })).toMatchObject({ problem: 'bug' });
    expect(await ask('', { reference: 'nowhere/' })).toMatchObject({ problem: 'bug' });
    expect(await ask('', { component: 'other' })).toMatchObject({ problem: 'bug' });
  });
});
