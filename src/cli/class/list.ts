import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { table } from '../table.ts';
import type { ClassWire } from './class-wire.ts';

export function registerClassList(parent: Command, { terminal }: Cli): void {
  const command = parent.command('list').description('Lists classes.');
  withServerOptions(command).action(async (options: ServerOptions) => {
    const page = await connect(options).call<{ items: readonly ClassWire[] }>('GET', '/classes');
    terminal.answer(page, () => {
      const columns = [
        { title: 'Class' },
        { title: 'Title', wraps: true },
        { title: 'Pinned', wraps: true },
        { title: 'Due', wraps: true },
        { title: 'Labs', align: 'right' as const },
      ];
      const rows = page.items.map((one) => [
        terminal.colour.bold(one.id),
        one.title,
        Object.keys(one.pins).join(', '),
        Object.keys(one.due).join(', '),
        String(one.labs),
      ]);
      return rows.length === 0 ? 'No classes.' : table(terminal, columns, rows);
    });
  });
}
