import type { Command } from 'commander';
import type { LabWire } from '../../http/lab-wire.ts';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { renderLabs } from './render.ts';

interface Options extends ServerOptions {
  readonly state?: string;
  readonly all?: true;
  readonly trainee?: string;
  readonly template?: string;
  readonly class?: string;
  readonly limit?: string;
  readonly cursor?: string;
}

interface LabPage {
  readonly items: readonly LabWire[];
  readonly nextCursor: string | null;
}

export function registerLabList(parent: Command, { terminal }: Cli): void {
  const command = parent.command('list').description('Lists labs, newest first; those that have not ended.');
  command
    .addOption(
      command
        .createOption('--state <state>', 'only those in this state')
        .choices(['active', 'queued', 'starting', 'ready', 'paused', 'ending', 'ended']),
    )
    .option('--all', 'also those that have ended')
    .option('--trainee <name>', 'only those of this trainee')
    .option('--template <id>', 'only those of this template')
    .option('--class <id>', 'only those of this class')
    .option('--limit <number>', 'labs a page')
    .option('--cursor <text>', 'the page that begins there');
  withServerOptions(command).action(async (options: Options) => {
    const { trainee, template, class: group, limit, cursor } = options;
    const state = options.state ?? (options.all === true ? undefined : 'active');
    const page = await connect(options).call<LabPage>('GET', '/labs', {
      query: { state, trainee, template, class: group, limit, cursor },
    });
    terminal.answer(page, () => {
      const more = page.nextCursor === null ? '' : `\nMore: --cursor ${page.nextCursor}`;
      return renderLabs(terminal, page.items) + more;
    });
  });
}
