import type { Command } from 'commander';
import type { LabProgress } from '../../grading/progress-view.ts';
import type { HintView } from '../../grading/visible-text.ts';
import type { ApiClient } from '../api-client.ts';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { labPath, type Wire } from './wire.ts';

interface Options extends ServerOptions {
  readonly yes?: true;
}

export function registerLabHint(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('hint')
    .description('Takes the next hint of a check. One that costs points is only taken with --yes.')
    .argument('<lab>', 'its id')
    .argument('<check>', 'id of the check')
    .option('--yes', 'take it, whatever it costs');
  withServerOptions(command).action(async (id: string, check: string, options: Options) => {
    const api = connect(options);
    const price = options.yes === true ? null : await priceOf(api, id, check);
    if (price !== null && price.points > 0) {
      terminal.answer({ check, number: price.number, penalty: price.points, taken: false }, () => {
        const points = price.points === 1 ? '1 point' : `${price.points} points`;
        return `Hint ${price.number} of ${price.available} costs ${points}, and was not taken: --yes takes it.`;
      });
      return;
    }
    const hint = await api.call<HintView>('POST', labPath(id, 'checks', check, 'hints'), {
      body: price === null ? {} : { number: price.number },
    });
    terminal.answer(hint, () => {
      const cost = hint.penalty > 0 ? terminal.colour.dim(` (−${hint.penalty} points)`) : '';
      return `${hint.text}${cost}`;
    });
  });
}

/** Of the next hint; null where there is none to be had, which the server says best. */
async function priceOf(api: ApiClient, lab: string, check: string) {
  const { tasks } = await api.call<Wire<LabProgress>>('GET', labPath(lab, 'progress'));
  const found = tasks.flatMap((task) => task.checks).find(({ id }) => id === check);
  if (found === undefined || found.hints.nextPenalty === null) return null;
  const { taken, available, nextPenalty } = found.hints;
  return { number: taken.length + 1, available, points: nextPenalty };
}
