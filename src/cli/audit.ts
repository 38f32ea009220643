import type { Command } from 'commander';
import type { RecordedAudit } from '../lab/audit.ts';
import type { Cli } from './cli.ts';
import type { Wire } from './lab/wire.ts';
import { plain } from './plain.ts';
import { connect, type ServerOptions, withServerOptions } from './server-options.ts';
import { table } from './table.ts';

interface Options extends ServerOptions {
  readonly target?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly since?: string;
  readonly limit?: string;
  readonly cursor?: string;
}

interface Page {
  readonly items: readonly Wire<RecordedAudit>[];
  readonly nextCursor: string | null;
}

/** `labwright audit`: who did what to which lab. */
export function registerAudit(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('audit')
    .summary('who did what to which lab (instructors)')
    .description('Who did what, newest first: every write of a person, refused ones too.')
    .option('--target <id>', 'only what was done to this, such as a lab')
    .option('--actor <name>', 'only what this person did')
    .option('--action <name>', 'only this, such as lab.reset')
    .option('--since <time>', 'only since then, such as 2026-01-31T08:00:00Z')
    .option('--limit <number>', 'entries a page')
    .option('--cursor <text>', 'the page that begins there');
  withServerOptions(command).action(async (options: Options) => {
    const { target, actor, action, since, limit, cursor } = options;
    const page = await connect(options).call<Page>('GET', '/audit', {
      query: { target, actor, action, since, limit, cursor },
    });
    terminal.answer(page, () => {
      const rows = page.items.map((one) => [
        one.at.slice(0, 19).replace('T', ' '),
        plain(`${one.actor} (${one.role})`),
        one.action,
        plain(one.target ?? ''),
        one.outcome === 'done' ? '' : terminal.colour.red(one.outcome),
        plain(detailText(one.detail)),
      ]);
      const columns = [
        { title: 'When' },
        { title: 'Who', wraps: true },
        { title: 'What' },
        { title: 'To', wraps: true },
        { title: 'Refused' },
        { title: '', wraps: true },
      ];
      const more = page.nextCursor === null ? '' : `\nMore: --cursor ${page.nextCursor}`;
      return (rows.length === 0 ? 'Nothing was done.' : table(terminal, columns, rows)) + more;
    });
  });
}

function detailText(detail: Readonly<Record<string, unknown>>): string {
  return Object.entries(detail)
    .map(([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}
