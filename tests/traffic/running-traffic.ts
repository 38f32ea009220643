/** The load as a process of its own, as drivers run it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const token = 'the control token of the tests';
const main = join(import.meta.dirname, '../../src/traffic/main.ts');

// biome-ignore lint/suspicious/noExplicitAny: what it answers is what the tests look into
export type Journal = any;

export interface RunningTraffic {
  readonly controlPort: number;
  journal(query?: string): Promise<Journal>;
  signal(signal: NodeJS.Signals): Promise<void>;
  again(): Promise<RunningTraffic>;
  stop(): Promise<void>;
}

export async function startTraffic(
  text: string,
  target: string,
  more: Record<string, string> = {},
): Promise<RunningTraffic> {
  const folder = mkdtempSync(join(tmpdir(), 'traffic-'));
  writeFileSync(join(folder, 'traffic.yaml'), text);
  return launch(folder, target, more);
}

async function launch(folder: string, target: string, more: Record<string, string>): Promise<RunningTraffic> {
  const env = {
    PATH: process.env.PATH,
    CONTROL_PORT: '0',
    CONTROL_TOKEN: token,
    JOURNAL_FILE: join(folder, 'journal.jsonl'),
    TRAFFIC_FILE: join(folder, 'traffic.yaml'),
    TARGET_URL: target,
    RATE: '50',
    SEED: 'tests',
    EXIT_WITH_PARENT: '1',
    ...more,
  };
  const child = spawn(process.execPath, [main], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  const exited = once(child, 'exit');
  const line = await Promise.race([
    once(child.stdout, 'data').then(([chunk]) => String(chunk)),
    exited.then(() => Promise.reject(new Error(errors))),
  ]);
  const { controlPort } = JSON.parse(line) as { controlPort: number };
  const signal = async (name: NodeJS.Signals) => {
    child.kill(name);
    if (child.exitCode === null && child.signalCode === null) await exited;
  };
  return {
    controlPort,
    async journal(query = '') {
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`http://127.0.0.1:${controlPort}/journal${query}`, { headers })).json();
    },
    signal,
    again: () => launch(folder, target, more),
    async stop() {
      await signal('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Looks until `holds`, for at most ten seconds; what it saw last. */
export async function eventually<T>(look: () => Promise<T> | T, holds: (seen: T) => boolean): Promise<T> {
  for (const until = performance.now() + 10_000; ; ) {
    const seen = await look();
    if (holds(seen) || performance.now() > until) return seen;
    await sleep(50);
  }
}
