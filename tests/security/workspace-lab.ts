/** A lab that is a workspace and nothing else, and its grading. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SandboxHandle } from '../../src/grading/types.ts';
import type { LookSpec } from '../../src/templates/types.ts';
import { check, lookSpec } from '../support/graded-lab.ts';
import { versionWith } from '../support/versions.ts';
import { type Outcome, outcome } from './attack.ts';
import { type Graded, type HostileWorld, isWon } from './world.ts';

const version = versionWith('workspace', 'hash-workspace', {
  components: { workspace: { kind: 'shell', uses: [], custody: 'trainee', files: null, tools: [] } },
});

export interface Workspace {
  readonly sandbox: SandboxHandle;
  /** Its folder. */
  readonly folder: string;
  /** A folder that is nobody's business, with `answer.txt` of the text below in it. */
  readonly outside: string;
}

/** What stands in a file that the trainee has not written. */
export const answer = `the answer is ${randomBytes(8).toString('hex')}`;

export const fileLook = (spec: object): LookSpec => lookSpec('file', { component: 'workspace', ...spec });
export const execLook = (argv: readonly string[], more: object = {}): LookSpec =>
  lookSpec('exec', { component: 'workspace', argv, ...more });

/** Works in a workspace of its own. */
export async function inWorkspace<T>(
  world: HostileWorld,
  signal: AbortSignal,
  work: (workspace: Workspace) => Promise<T>,
): Promise<T> {
  const { sandbox } = await world.lab(version, signal);
  const access = sandbox.access('workspace');
  if (access.kind !== 'shell') throw new TypeError('not a workspace');
  const outside = mkdtempSync(join(tmpdir(), 'labwright-outside-'));
  writeFileSync(join(outside, 'answer.txt'), answer);
  mkdirSync(join(access.path, 'work'));
  try {
    return await work({ sandbox, folder: access.path, outside });
  } finally {
    rmSync(outside, { recursive: true });
  }
}

/** Grades what is seen as `f`; a message tells what the learner is told. */
export function gradeWorkspace(
  world: HostileWorld,
  sandbox: SandboxHandle,
  look: LookSpec,
  that: string,
  signal: AbortSignal,
  message = 'Not so.',
): Promise<Graded> {
  const one = check('work', that, { f: look });
  const told = { ...one, expect: one.expect.map((each) => ({ ...each, else: message })) };
  return world.grade(version, sandbox, told, signal);
}

/** Wins when the check passes all the same, or the grader suffers from it. */
export async function tryWorkspace(
  world: HostileWorld,
  sandbox: SandboxHandle,
  look: LookSpec,
  that: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const graded = await gradeWorkspace(world, sandbox, look, that, signal);
  return outcome(isWon(graded), graded);
}
