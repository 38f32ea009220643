import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { end } from './server.ts';
import type { World } from './world.ts';

export interface BareServer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts `bare-server.ts` on an empty database of this name; stopped with the world if not before. */
export async function startBare(world: World, name: string, worker: boolean): Promise<BareServer> {
  const url = await world.controlDatabase(name);
  const script = join(import.meta.dirname, 'bare-server.ts');
  const child = spawn(process.execPath, [script, url, worker ? 'worker' : 'no-worker'], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    // Compiled once, as ours is: otherwise it would carry what strips types.
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', NODE_COMPILE_CACHE: world.folder('bare-cache') },
  });
  const stop = () => end(child, 'SIGKILL');
  world.defer('a bare server', stop);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const deadline = performance.now() + 30_000;
  while (!said.includes('\n')) {
    world.signal.throwIfAborted();
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error('the bare server did not start');
    await delay(5);
  }
  return { ...(JSON.parse(said) as { url: string }), pid: child.pid ?? 0, stop };
}
