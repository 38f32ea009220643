import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { labPath } from './wire.ts';

interface Options extends ServerOptions {
  readonly output?: string;
  readonly now?: true;
}

export function registerLabExport(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('export')
    .description('Fetches what the template keeps of a lab, as a .tar.gz; also after the lab has ended.')
    .argument('<lab>', 'its id')
    .option('-o, --output <file>', 'default: <lab>.tar.gz')
    .option('--now', 'has it written anew first, and fetches nothing');
  withServerOptions(command).action(async (id: string, options: Options) => {
    const api = connect(options);
    if (options.now === true) {
      const asked = await api.call<{ lab: string }>('POST', labPath(id, 'export'), { body: {} });
      terminal.answer(asked, () => `The export of lab ${id} is being written.`);
      return;
    }
    const output = options.output ?? `${id}.tar.gz`;
    const body = await api.download(labPath(id, 'export'));
    await pipeline(body, createWriteStream(output));
    terminal.answer({ lab: id, file: output }, () => `Wrote ${output}.`);
  });
}
