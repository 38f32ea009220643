import type { Command } from 'commander';
import type { Released } from '../../lab/releases/release-service.ts';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { renderReleased, templatePath, type Versions } from './release-wire.ts';

interface Options extends ServerOptions {
  readonly note?: string;
}

export function registerTemplateRollback(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('rollback')
    .summary('give trainees again what was released before')
    .description(
      'Withdraws what is released: trainees get what was released before it. Again goes further back.',
    )
    .argument('<template>', 'its id')
    .option('--note <text>', 'why, for those who look later');
  withServerOptions(command).action(async (id: string, { note, ...options }: Options) => {
    const api = connect(options);
    const { items } = await api.call<Versions>('GET', templatePath(id, 'versions'));
    // Named, so that two people who withdraw the same bad release do not go back twice.
    const from = items.find(({ stage }) => stage === 'released')?.hash;
    const done = await api.call<Released>('POST', templatePath(id, 'rollback'), { body: { from, note } });
    terminal.answer(done, () => renderReleased(terminal, id, done));
  });
}
