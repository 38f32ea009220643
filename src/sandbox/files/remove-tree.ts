/** Removing folders that a trainee has filled. */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Nothing when it is not there. Never blocks: over a folder a thousand deep the synchronous way stands still for
 * seconds, and with it all labs.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENAMETOOLONG') throw thrown;
    // Deeper than a path can say: this one goes down step by step.
    await run('/bin/rm', ['-rf', '--', path]);
  }
}
