/** The runs of `mutants`, one after the other: nothing of one reaches the next. */
import { randomInt } from 'node:crypto';
import type { LookContext, SandboxHandle, Value } from '../grading/types.ts';
import { LabError } from '../lab/errors.ts';
import type { SourceSpec } from '../templates/types.ts';
import { limits } from './limits.ts';
import { LookFailure } from './look.ts';
import type { MutantsSpec } from './mutants.ts';
import { matchesAny } from './name-pattern.ts';
import { readPatch } from './patch.ts';

/** Path below the source folder → text or bytes. */
type Files = ReadonlyMap<string, Uint8Array>;

interface Mutant {
  readonly id: string;
  readonly title: string;
  readonly files: Files;
}

interface Ran {
  readonly exitCode: number;
  readonly output: string;
  readonly timedOut: boolean;
}

/** @throws LookFailure `bug` when the template's own reference or patches do not fit. */
export async function runMutants(
  asked: MutantsSpec,
  context: LookContext,
  signal: AbortSignal,
): Promise<Value> {
  const source = sourceOf(asked.component, context);
  const reference = referenceOf(asked, context);
  const mutants = asked.on.map((path) => mutantOf(path, reference, context));
  const run = (files: Files) => runTests(asked, source, files, context, signal);
  const first = await run(reference);
  if (first.exitCode !== 0) return verdict(first, mutants, new Map());
  // Tests that fail from their second run on would kill everything: among the mutants the reference comes once more.
  const order: (Mutant | null)[] = [...mutants];
  order.splice(randomInt(order.length + 1), 0, null);
  const ran = new Map<string, Ran>();
  for (const mutant of order) {
    const result = await run(mutant === null ? reference : mutant.files);
    if (mutant !== null) ran.set(mutant.id, result);
    else if (result.exitCode !== 0) return verdict(result, mutants, new Map());
  }
  return verdict(first, mutants, ran);
}

function verdict(reference: Ran, mutants: readonly Mutant[], ran: ReadonlyMap<string, Ran>): Value {
  const killed = mutants.filter(({ id }) => (ran.get(id)?.exitCode ?? 0) !== 0);
  const survived = mutants.filter((mutant) => !killed.includes(mutant));
  return {
    reference: { ...reference },
    killed: killed.map(({ id }) => id),
    survived: survived.map(({ id }) => id),
    survivedTitles: survived.map(({ title }) => title).join('; '),
    timedOut: killed.filter(({ id }) => ran.get(id)?.timedOut === true).map(({ id }) => id),
  };
}

/** One run in a copy of the workspace as it is now, with these files over the trainee's. */
async function runTests(
  asked: MutantsSpec,
  { shell, path }: SourceSpec,
  files: Files,
  { records, fill }: LookContext,
  signal: AbortSignal,
): Promise<Ran> {
  const copy: SandboxHandle = await records.scratch(shell, signal);
  for (const [name, content] of files) await put(copy, shell, `${path}/${name}`, content, signal);
  const argv = asked.run.map((word) => fill.text(word));
  const caps = { timeoutMs: asked.limit, maxBytes: limits.execOutputBytes, cwd: path };
  const { exitCode, stdout, stderr, timedOut, truncated } = await copy.exec(shell, argv, caps, signal);
  const output = `${stdout}\n${stderr}`.trim().slice(-limits.testOutputChars);
  // Ended by a signal, or by us because it printed without end: it did not pass.
  return { exitCode: truncated || timedOut ? (exitCode ?? 128) || 1 : (exitCode ?? 128), output, timedOut };
}

/** @throws LookFailure `rejected` when the trainee has made something in its place that cannot be written. */
async function put(
  copy: SandboxHandle,
  shell: string,
  path: string,
  content: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  try {
    await copy.writeFile(shell, path, content, signal);
  } catch (thrown) {
    if (!(thrown instanceof LabError) || thrown.code !== 'bad_request') throw thrown;
    const reason = `${path} is in the way of the files that your tests are run against.`;
    throw new LookFailure('rejected', reason, thrown.message);
  }
}

function sourceOf(component: string, context: LookContext): SourceSpec {
  const spec = context.component(component);
  const source = spec !== null && 'source' in spec ? spec.source : null;
  if (source === null) throw broken(`${component} does not run from the trainee's files`);
  return source;
}

/** The reference's files but its own tests. */
function referenceOf(asked: MutantsSpec, context: LookContext): Files {
  const files = new Map<string, Uint8Array>();
  for (const path of context.templateFiles) {
    const name = path.slice(asked.reference.length);
    if (!path.startsWith(asked.reference) || matchesAny(asked.tests, name)) continue;
    files.set(name, context.templateFile(path) ?? new Uint8Array());
  }
  if (files.size === 0) throw broken(`there are no files below ${asked.reference}`);
  return files;
}

/** The reference with the patch applied. */
function mutantOf(path: string, reference: Files, context: LookContext): Mutant {
  const text = new TextDecoder().decode(context.templateFile(path) ?? new Uint8Array());
  const patches = readPatch(text);
  if (patches.length === 0) throw broken(`${path} is no patch`);
  const files = new Map(reference);
  for (const patch of patches) {
    const before = patch.from === null ? '' : files.get(patch.from);
    if (before === undefined || patch.to === null) throw broken(`${path} does not fit: ${patch.from}`);
    const after = patch.apply(typeof before === 'string' ? before : new TextDecoder().decode(before));
    if (after === null) throw broken(`${path} does not fit ${patch.from}`);
    files.set(patch.to, new TextEncoder().encode(after));
  }
  const id = path.replace(/^.*\//, '').replace(/\.(patch|diff)$/, '');
  return { id, title: titleOf(text) ?? id, files };
}

/** The first line of what a patch says of itself. */
function titleOf(text: string): string | null {
  const lines = text.split(/^(?:--- |diff |Index: )/m, 1)[0]?.split('\n') ?? [];
  const said = lines.map((line) => line.replace(/^#+\s*/, '').trim()).find((line) => line !== '');
  return said ?? null;
}

function broken(internal: string): LookFailure {
  return new LookFailure('bug', 'This check is broken; that is not your doing.', internal);
}
