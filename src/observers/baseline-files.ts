/** Two workspaces, compared by what their files hold. */
import { createHash } from 'node:crypto';
import type { LookContext, SandboxHandle, Value } from '../grading/types.ts';
import type { Compared } from './baseline.ts';
import { difference } from './baseline-schema.ts';
import { atStart } from './baseline-start.ts';
import { limits } from './limits.ts';
import { LookFailure } from './look.ts';
import { matchesAny } from './name-pattern.ts';

const mostFiles = 2_000;
/** Read at a time: both sides' bytes of so many files are in memory. */
const width = 4;

/** What tools leave behind. */
const leftovers = [
  'node_modules/**',
  '**/node_modules/**',
  '.git/**',
  '**/.git/**',
  '.*_history',
  '.lesshst',
];

/** @throws LookFailure */
export async function compareFiles(
  asked: Compared,
  [start, now]: readonly [start: LookContext, now: LookContext],
  signal: AbortSignal,
): Promise<Value> {
  const [before, after] = await Promise.all([
    atStart(sizesOf(start.sandbox, asked, signal)),
    sizesOf(now.sandbox, asked, signal),
  ]);
  // Only files of the same size need be read.
  const same = [...after].filter(([path, size]) => before.get(path) === size).map(([path]) => path);
  const left = [...same];
  const reader = async () => {
    for (let path = left.pop(); path !== undefined; path = left.pop()) {
      const [then, is] = await Promise.all([
        atStart(hashOf(start.sandbox, asked.component, path, signal)),
        hashOf(now.sandbox, asked.component, path, signal),
      ]);
      before.set(path, then);
      after.set(path, is);
    }
  };
  await Promise.all(Array.from({ length: width }, reader));
  return difference(before, after);
}

/** Path → its size, as text. */
async function sizesOf(
  sandbox: SandboxHandle,
  asked: Compared,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const query = { glob: '**', maxFiles: mostFiles + 1, maxBytesEach: 0 };
  const found = await sandbox.readFiles(asked.component, query, signal);
  if (found.length > mostFiles) throw oversized(`There are more than ${mostFiles} files.`);
  const kept = found.filter(({ path }) => !matchesAny([...leftovers, ...asked.ignore], path));
  return new Map(kept.map(({ path, bytes }) => [path, String(bytes)]));
}

async function hashOf(
  sandbox: SandboxHandle,
  component: string,
  path: string,
  signal: AbortSignal,
): Promise<string> {
  // A name may hold what is a pattern elsewhere: then there may be others, and the right one is taken.
  const query = { glob: path, maxFiles: 20, maxBytesEach: limits.largestFileBytes };
  const file = (await sandbox.readFiles(component, query, signal)).find((one) => one.path === path);
  if (file === undefined) return 'gone';
  if (file.content === null) throw oversized(`${path} is larger than ${limits.largestFileBytes} bytes.`);
  return createHash('sha256').update(file.content).digest('hex');
}

function oversized(reason: string): LookFailure {
  return new LookFailure('oversized', reason, reason);
}
