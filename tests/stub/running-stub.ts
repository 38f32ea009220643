/** The stub as a process of its own, as drivers run it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const token = 'the control token of the tests';
const main = join(import.meta.dirname, '../../src/stub/main.ts');

export const client = { id: 'cl_tests', secret: 'not-so-secret' };

/** The file as a driver fills it. */
export function filled(name: string): string {
  return readFileSync(join(import.meta.dirname, 'fixtures', name), 'utf8')
    .replaceAll('{{params.clientId}}', client.id)
    .replaceAll('{{params.clientSecret}}', client.secret);
}

export interface RunningStub {
  readonly url: string;
  readonly port: number;
  readonly controlPort: number;
  readonly journalFile: string;
  /** A request to the control port with the token. */
  control(method: string, path: string, body?: object): Promise<{ status: number; json: Journal }>;
  signal(signal: NodeJS.Signals): Promise<void>;
  /** The same again, with the same journal; on other ports. */
  again(): Promise<RunningStub>;
  stop(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: what it answers is what the tests look into
export type Journal = any;

export async function startStub(text: string, more: Record<string, string> = {}): Promise<RunningStub> {
  const folder = mkdtempSync(join(tmpdir(), 'stub-'));
  writeFileSync(join(folder, 'stub.yaml'), text);
  return launch(folder, more);
}

async function launch(folder: string, more: Record<string, string>): Promise<RunningStub> {
  const env = {
    PATH: process.env.PATH,
    PORT: '0',
    CONTROL_PORT: '0',
    CONTROL_TOKEN: token,
    JOURNAL_FILE: join(folder, 'journal.jsonl'),
    STUB_FILE: join(folder, 'stub.yaml'),
    EXIT_WITH_PARENT: '1',
    ...more,
  };
  const child: ChildProcess = spawn(process.execPath, [main], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr?.on('data', (chunk) => (errors += String(chunk)));
  const exited = once(child, 'exit');
  const line = await Promise.race([
    once(child.stdout as NonNullable<typeof child.stdout>, 'data').then(([chunk]) => String(chunk)),
    exited.then(() => Promise.reject(new Error(errors))),
  ]);
  const { url, port, controlPort } = JSON.parse(line) as { url: string; port: number; controlPort: number };
  const signal = async (name: NodeJS.Signals) => {
    child.kill(name);
    if (child.exitCode === null && child.signalCode === null) await exited;
  };
  return {
    url,
    port,
    controlPort,
    journalFile: env.JOURNAL_FILE,
    async control(method, path, body) {
      const answer = await fetch(`http://127.0.0.1:${controlPort}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, json: await answer.json() };
    },
    signal,
    again: () => launch(folder, more),
    async stop() {
      await signal('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
