/** Copies of labs' own servers, one at a time of each: the end of one lets the server go on. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pLimit, { type LimitFunction } from 'p-limit';
import { ensureFolder } from '../../../embedded/folder.ts';
import type { OsUser } from '../../../embedded/os-user.ts';
import { LabError } from '../../../lab/errors.ts';
import { copyFrozen } from './frozen-copy.ts';
import { runCommand } from './run-command.ts';

const triesAtMost = 3;
const mostKilobytes = 2 * 1024 * 1024;

export interface LiveServer {
  /** For messages. */
  readonly component: string;
  readonly folder: string;
  /** Folders in it that are copied; the first is the data folder. */
  readonly parts: readonly string[];
  /** Of its postmaster; undefined while it does not run. */
  running(): number | undefined;
}

export interface LiveCopies {
  /**
   * Copies the parts into `to`, where none of them is yet. Throws LabError `start_failed` where there is nothing to
   * copy, `payload_too_large` over 2 GB.
   */
  copy(from: LiveServer, to: string, signal: AbortSignal): Promise<void>;
  /** Whether the server in this folder is made to stand still for a moment. */
  isHeld(folder: string): boolean;
}

export function createLiveCopies(user: OsUser | null): LiveCopies {
  /** Copies that are being made or wait, by folder. */
  const turns = new Map<string, { readonly limit: LimitFunction; waiting: number }>();

  async function refuseTooLarge({ component, folder, parts }: LiveServer, signal: AbortSignal) {
    // What goes away meanwhile is no failure.
    const script = 'du -sk -- "$@" || true';
    const folders = parts.map((part) => join(folder, part));
    const printed = await runCommand('/bin/sh', ['-c', script, 'sh', ...folders], user, signal);
    const kilobytes = printed.split('\n').reduce((sum, line) => sum + (Number.parseInt(line, 10) || 0), 0);
    if (kilobytes <= mostKilobytes) return;
    const message = `The data of component "${component}" takes more than 2 GB and cannot be copied.`;
    throw new LabError('payload_too_large', message);
  }

  async function copyNow(from: LiveServer, to: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const [data = ''] = from.parts;
    if (!existsSync(join(from.folder, data))) {
      const message = `Component "${from.component}" has nothing that it could be cloned from.`;
      throw new LabError('start_failed', message);
    }
    await refuseTooLarge(from, signal);
    for (let attempt = 1; ; attempt += 1) {
      for (const part of from.parts) {
        rmSync(join(to, part), { recursive: true, force: true });
        ensureFolder(join(to, part), user, 0o700);
      }
      const before = from.running();
      try {
        await copyFrozen(from, to, user, () => from.running() === before, signal);
        return;
      } catch (thrown) {
        // It ended or was started meanwhile: the next look finds it so.
        if (attempt === triesAtMost || from.running() === before) throw thrown;
      }
    }
  }

  return {
    async copy(from, to, signal) {
      const turn = turns.get(from.folder) ?? { limit: pLimit(1), waiting: 0 };
      turns.set(from.folder, turn);
      turn.waiting += 1;
      try {
        await turn.limit(() => copyNow(from, to, signal));
      } finally {
        turn.waiting -= 1;
        if (turn.waiting === 0) turns.delete(from.folder);
      }
    },
    isHeld: (folder) => turns.has(folder),
  };
}
