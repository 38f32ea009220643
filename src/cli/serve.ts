import type { Command } from 'commander';
import { type Config, listSettings } from '../config.ts';
import type { Cli } from './cli.ts';
import { table } from './table.ts';

export function registerServe(parent: Command, cli: Cli): void {
  const command = parent
    .command('serve')
    .summary('run the HTTP API and the worker')
    .description(
      'Runs the HTTP API and the worker. Nothing needs to be installed or set: databases are embedded unless\n' +
        'others are given. Every setting is an environment variable or a flag; the flag wins.',
    );
  for (const { flag, value, description } of listSettings()) {
    command.addOption(command.createOption(`${flag} ${value}`, description).hideHelp());
  }
  command
    .addHelpText('after', () => settingsHelp(cli))
    .action(async (flags: Partial<Record<keyof Config, string>>) => {
      const { serve } = await import('./serve-run.ts');
      await serve(cli, flags);
    });
}

function settingsHelp({ terminal }: Cli): string {
  const rows = listSettings().map((s) => [
    s.env,
    `${s.flag} ${s.value}`,
    s.default,
    `${s.description} (${s.allowed})`,
  ]);
  const columns = [
    { title: 'Variable' },
    { title: 'Flag' },
    { title: 'Default', wraps: true },
    { title: 'Meaning (what is allowed)', wraps: true },
  ];
  return `\n${terminal.colour.bold('Settings')}\n${table(terminal, columns, rows)}`;
}
