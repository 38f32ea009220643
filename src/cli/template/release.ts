import type { Command } from 'commander';
import type { Released } from '../../lab/releases/release-service.ts';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { renderReleased, templatePath } from './release-wire.ts';

interface Options extends ServerOptions {
  readonly version?: string;
  readonly note?: string;
}

export function registerTemplateRelease(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('release')
    .summary('make a staged version what trainees get')
    .description('Makes a staged version what trainees get. Labs that are there stay on theirs.')
    .argument('<template>', 'its id')
    .option('--version <hash>', 'which, by the beginning of its hash; default: what was staged last')
    .option('--note <text>', 'why, for those who look later');
  withServerOptions(command).action(async (id: string, { version, note, ...options }: Options) => {
    const path = templatePath(id, 'release');
    const done = await connect(options).call<Released>('POST', path, { body: { version, note } });
    terminal.answer(done, () => renderReleased(terminal, id, done));
  });
}
