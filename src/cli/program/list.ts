import type { Command } from 'commander';
import type { ProgramWire } from '../../http/program-wire.ts';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { table } from '../table.ts';

interface Programs {
  readonly items: readonly ProgramWire[];
  readonly problems: readonly { readonly file: string; readonly problems: readonly string[] }[];
}

export function registerProgramList(parent: Command, { terminal }: Cli): void {
  const command = parent.command('list').description('Lists the programs of the server.');
  withServerOptions(command).action(async (options: ServerOptions) => {
    const all = await connect(options).call<Programs>('GET', '/programs');
    terminal.answer(all, () => {
      if (all.items.length === 0) return 'There are no programs.';
      const columns = [
        { title: 'Program' },
        { title: 'Title', wraps: true },
        { title: 'Sessions', align: 'right' as const },
        { title: 'Hours', align: 'right' as const },
        { title: 'Labs', align: 'right' as const },
        { title: 'Certificate', wraps: true },
      ];
      const rows = all.items.map(({ id, title, sessions, hours, labs, certificate }) => {
        const there = labs.filter((lab) => lab.available).length;
        const count = there === labs.length ? String(there) : `${there} of ${labs.length}`;
        const name = terminal.colour.bold(id);
        return [name, title, String(sessions.length), String(hours), count, certificate?.title ?? ''];
      });
      return table(terminal, columns, rows);
    });
    for (const { file, problems } of all.problems) {
      const { noteColour } = terminal;
      terminal.note(`${noteColour.yellow('!')} ${file} does not load: ${problems[0] ?? 'it cannot be read'}`);
    }
  });
}
