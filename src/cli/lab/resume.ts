import type { Command } from 'commander';
import type { LabWire } from '../../http/lab-wire.ts';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { renderLab } from './render.ts';
import { waitUntilReady } from './wait.ts';
import { labPath } from './wire.ts';

interface Options extends ServerOptions {
  readonly wait: boolean;
}

export function registerLabResume(parent: Command, { terminal, interrupts }: Cli): void {
  const command = parent
    .command('resume')
    .description('Starts again what a pause has stopped.')
    .argument('<lab>', 'its id')
    .option('--no-wait', 'answer as soon as it is accepted');
  withServerOptions(command).action(async (id: string, options: Options) => {
    const api = connect(options);
    let lab = await api.call<LabWire>('POST', labPath(id, 'resume'), { body: {} });
    if (options.wait) {
      const progress = terminal.progress();
      const hold = interrupts.hold();
      try {
        progress.say(lab.message);
        lab = await waitUntilReady(api, id, progress, hold.stop);
        progress.done(`Lab ${id} is ready`);
      } finally {
        progress.clear();
        hold.release();
      }
    }
    terminal.answer(lab, () => renderLab(terminal, lab));
  });
}
