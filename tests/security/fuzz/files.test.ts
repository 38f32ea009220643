/** Whatever a trainee puts into their workspace, the grader finds, reads, records and judges it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createJudge, type Judge } from '../../../src/grading/judge/thread.ts';
import { fileLook, inWorkspace } from '../workspace-lab.ts';
import { type HostileWorld, startHostileWorld } from '../world.ts';
import { inTurns, replay, sample } from './cases.ts';
import { wrongsOf } from './grade-cases.ts';

let world: HostileWorld;
let judge: Judge;
beforeAll(async () => {
  world = await startHostileWorld();
  judge = createJudge();
});
afterAll(async () => {
  await judge.close();
  await world.stop();
});

const parsers = ['text', 'lines', 'json', 'yaml', 'csv'] as const;
const odd = fc.constantFrom(
  '{"__proto__": 1}',
  '__proto__: {a: 1}',
  'a: &a [*a]',
  '? [a, b]\n: c',
  'a: !!js/x 1',
  '"a\nb","c\n',
  'a,a,__proto__\n1,2,3',
  '[1e999]',
  '- '.repeat(200),
  `${'['.repeat(100)}1${']: 1'.repeat(100)}`,
  '\ufeff{}',
  '\n'.repeat(5_000),
  'a\u0000b',
  '<<: {a: 1}\n2: x\n2.0: y',
  '.inf: .nan',
);
const content = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((some) => Buffer.from(some)),
  fc.json().map((text) => Buffer.from(text)),
  fc.string({ unit: 'binary', maxLength: 200 }).map((text) => Buffer.from(text)),
  odd.map((text) => Buffer.from(text)),
);
const arbitraryTree = fc.record({
  kind: fc.oneof(
    { weight: 12, arbitrary: fc.constant('file' as const) },
    fc.constantFrom('link', 'loop', 'folder', 'pipe', 'sparse', 'absent'),
  ),
  content,
  beside: fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), { maxLength: 4 }),
});
type Tree = typeof arbitraryTree extends fc.Arbitrary<infer T> ? T : never;

function plant(folder: string, { kind, content: bytes, beside }: Tree): void {
  mkdirSync(folder);
  const main = join(folder, 'main');
  if (kind === 'file') writeFileSync(main, bytes);
  else if (kind === 'link') symlinkSync('/etc/passwd', main);
  else if (kind === 'loop') symlinkSync('.', main);
  else if (kind === 'folder') mkdirSync(main);
  else if (kind === 'pipe') execFileSync('mkfifo', [main]);
  else if (kind === 'sparse') {
    writeFileSync(main, '');
    truncateSync(main, 40 * 1024 ** 3);
  }
  for (const name of beside) {
    try {
      writeFileSync(join(folder, name.replaceAll('/', '_')), bytes);
    } catch {
      // No name for a file.
    }
  }
}

const asks = [
  'x.exists && string(x.files[0].path) == params.wanted',
  'x.text == params.wanted || x.text.contains(params.wanted)',
  'x.json.a == params.wanted',
  'x.yaml.all(i, i == params.wanted) && x.yaml.size() > 999999',
  'x.csv.exists(r, r.a == params.wanted)',
  'x.lines.exists(l, like(l, params.wanted))',
  'x.files.exists(f, f.modified > timestamp("9999-01-01T00:00:00Z"))',
];

it('is never a pass, our fault, or late', async () => {
  const trees = sample(arbitraryTree, 600);
  await inWorkspace(world, AbortSignal.timeout(290_000), async ({ sandbox, folder }) => {
    for (const [nth, tree] of trees.entries()) plant(join(folder, `c${nth}`), tree);
    const cases = trees.map(({ kind, content: bytes, beside }, nth) => {
      const parse = inTurns(parsers, nth);
      const where = nth % 7 === 6 ? { glob: `c${nth}/**/*` } : { path: `c${nth}/main` };
      return {
        look: fileLook({ ...where, parse, timeout: '3s' }),
        that: inTurns(asks, Math.floor(nth / parsers.length)),
        about: { kind, parse, content: bytes.toString('latin1'), beside },
      };
    });
    const workspace = { kind: 'shell', uses: [], custody: 'trainee', files: null, tools: [] } as const;
    expect(await wrongsOf(cases, judge, sandbox, { workspace }), replay).toEqual([]);
  });
}, 300_000);
