import type { Command } from 'commander';
import type { VersionView } from '../../lab/releases/release-service.ts';
import type { Cli } from '../cli.ts';
import type { Wire } from '../lab/wire.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { short, templatePath } from './release-wire.ts';

interface Options extends ServerOptions {
  readonly note?: string;
}

export function registerTemplateStage(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('stage')
    .summary('keep the version that the server’s folder holds now, to try and release it')
    .description(
      'Keeps the version of a template that the server’s folder holds now; trainees get none of it yet.',
    )
    .argument('<template>', 'its id')
    .option('--note <text>', 'why, for those who look later');
  withServerOptions(command).action(async (id: string, { note, ...options }: Options) => {
    const path = templatePath(id, 'stage');
    const staged = await connect(options).call<Wire<VersionView>>('POST', path, { body: { note } });
    terminal.answer(staged, () => {
      const { colour } = terminal;
      const next = [`labwright lab create ${id} --version staged`, `labwright template release ${id}`];
      const released = staged.stage === 'released' ? ' It is what trainees get already.' : '';
      return `Version ${colour.bold(short(staged.hash))} of ${id} is ${staged.stage}.${released}\nNext: ${next
        .map((one) => colour.cyan(one))
        .join(', ')}`;
    });
  });
}
