import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { plain } from '../plain.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { labPath } from './wire.ts';

interface Options extends ServerOptions {
  readonly follow?: true;
  readonly after?: string;
}

/** What has happened already comes at once; a silence of this length is its end. */
const quietMs = 700;

export function registerLabEvents(parent: Command, { terminal, interrupts }: Cli): void {
  const command = parent
    .command('events')
    .description("Shows what has happened in a lab's life; with --json one object a line.")
    .argument('<lab>', 'its id')
    .option('-f, --follow', 'go on until the lab ends or Ctrl-C')
    .option('--after <number>', 'only what came after this event');
  withServerOptions(command).action(async (id: string, options: Options) => {
    const api = connect(options);
    const hold = interrupts.hold();
    const quiet = new AbortController();
    const rest = () => setTimeout(() => quiet.abort(), quietMs);
    let timer = options.follow === true ? null : rest();
    const signal = AbortSignal.any([hold.stop, quiet.signal]);
    try {
      for await (const event of api.events(labPath(id, 'events'), signal, options.after)) {
        if (timer !== null) {
          clearTimeout(timer);
          timer = rest();
        }
        if (terminal.json) terminal.stream(event);
        else terminal.print(line(event.id, event.event, event.data));
        if (event.event === 'lab.terminated') break;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      if (timer !== null) clearTimeout(timer);
      hold.release();
    }
  });

  function line(id: string | null, type: string, body: unknown): string {
    const { at, data } = body as { at?: string; data?: Record<string, unknown> };
    const fields = Object.entries(data ?? (body as Record<string, unknown>)).map(
      ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    );
    const { colour } = terminal;
    return [
      colour.dim((id ?? '').padStart(4)),
      at ?? '',
      colour.bold(type.padEnd(18)),
      plain(fields.join(' ')),
    ].join('  ');
  }
}
