import type { Command } from 'commander';
import type { LabWire } from '../../http/lab-wire.ts';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { waitUntilEnded } from './wait.ts';
import { labPath } from './wire.ts';

interface Options extends ServerOptions {
  readonly wait: boolean;
}

export function registerLabDelete(parent: Command, { terminal, interrupts }: Cli): void {
  const command = parent
    .command('delete')
    .description('Ends labs and removes all that belongs to them.')
    .argument('<labs...>', 'their ids')
    .option('--no-wait', 'answer as soon as it is accepted');
  withServerOptions(command).action(async (ids: string[], options: Options) => {
    const api = connect(options);
    const progress = terminal.progress();
    const hold = interrupts.hold();
    const labs: LabWire[] = [];
    try {
      for (const id of ids) {
        const asked = await api.call<LabWire>('DELETE', labPath(id));
        labs.push(options.wait ? await waitUntilEnded(api, id, progress, hold.stop) : asked);
        if (options.wait) progress.done(`Lab ${id} is gone`);
      }
    } finally {
      progress.clear();
      hold.release();
    }
    terminal.answer(labs, () => labs.map((lab) => `${lab.id}  ${lab.message}`).join('\n'));
  });
}
