import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { table } from '../table.ts';
import { short, templatePath, type Versions } from './release-wire.ts';

export function registerTemplateVersions(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('versions')
    .summary('versions of a template on the server, and how far each has come')
    .description('Lists what the folder holds, what was staged and released, and how many labs live on each.')
    .argument('<template>', 'its id');
  withServerOptions(command).action(async (id: string, options: ServerOptions) => {
    const versions = await connect(options).call<Versions>('GET', templatePath(id, 'versions'));
    terminal.answer(versions, () => {
      const { colour } = terminal;
      const columns = [
        { title: 'Version' },
        { title: 'Stage' },
        { title: 'Since' },
        { title: 'By', wraps: true },
        { title: 'Labs', align: 'right' as const },
        { title: 'Classes', wraps: true },
        { title: 'Note', wraps: true },
      ];
      const rows = versions.items.map((one) => [
        short(one.hash),
        `${one.stage === 'released' ? colour.green(one.stage) : one.stage}${one.inFolder ? ', in the folder' : ''}`,
        one.since?.slice(0, 16) ?? '',
        one.by ?? '',
        String(one.labs),
        one.classes.join(', '),
        one.note ?? '',
      ]);
      return table(terminal, columns, rows);
    });
  });
}
