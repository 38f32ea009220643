/** Workspaces as archives: how they get to where no volume of theirs can be. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { LabError } from '../lab/errors.ts';

const saidBytes = 500;

/**
 * Writes an archive of what is in `folder`, a copy that nobody changes any more; its entries begin with the last part of
 * that path. `to` is ended.
 */
export function packArchive(folder: string, to: Writable, signal: AbortSignal): Promise<void> {
  const end = folder.lastIndexOf('/');
  return runTar(['-c', '-C', folder.slice(0, end), folder.slice(end + 1)], { to }, signal);
}

/** Into `folder`, without the first part of the entries' paths; modes and times are kept. */
export function unpackArchive(from: Readable, folder: string, signal: AbortSignal): Promise<void> {
  return runTar(['-x', '-p', '--strip-components=1', '-C', folder], { from }, signal);
}

async function runTar(
  argv: readonly string[],
  { from, to }: { readonly from?: Readable; readonly to?: Writable },
  signal: AbortSignal,
): Promise<void> {
  const stdio = [from ? 'pipe' : 'ignore', to ? 'pipe' : 'ignore', 'pipe'] as const;
  const tar = spawn('tar', ['-f', '-', ...argv], { stdio: [...stdio], signal });
  let said = '';
  tar.stderr?.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString('utf8')).slice(0, saidBytes);
  });
  const ended = once(tar, 'close') as Promise<[number | null]>;
  // Told by how it ends.
  ended.catch(() => {});
  if (from && tar.stdin) {
    // Not a pipeline: that would destroy a stream of which the other way is still needed.
    const breakOff = () => tar.kill();
    tar.stdin.on('error', () => {});
    from.once('error', breakOff).once('close', () => from.readableEnded || breakOff());
    from.pipe(tar.stdin);
  }
  if (to && tar.stdout) await pipeline(tar.stdout, to);
  const [code] = await ended;
  if (code !== 0) throw new LabError('start_failed', `The workspace could not be copied: ${said.trim()}`);
}
