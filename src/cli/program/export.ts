import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { programPath } from './program.ts';

interface Options extends ServerOptions {
  readonly format?: 'csv' | 'json';
  readonly output?: string;
}

export function registerProgramExport(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('export')
    .description('Writes everybody in a program as a table (instructors).')
    .argument('<program>', 'its id');
  command
    .addOption(
      command.createOption('--format <format>', 'default: csv, with --json json').choices(['csv', 'json']),
    )
    .option('-o, --output <file>', 'default: stdout');
  withServerOptions(command).action(async (id: string, options: Options) => {
    const format = options.format ?? (terminal.json ? 'json' : 'csv');
    const body = await connect(options).download(programPath(id, 'export'), { query: { format } });
    if (options.output === undefined) {
      await pipeline(body, process.stdout, { end: false });
      return;
    }
    await pipeline(body, createWriteStream(options.output));
    terminal.note(`Wrote ${options.output}.`);
  });
}
