import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { LabProgress } from '../../grading/progress-view.ts';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { exitCodes } from '../exit-codes.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { onDemandLines } from './on-demand.ts';
import { renderChecks } from './render.ts';
import { type AttemptWire, labPath, type Wire } from './wire.ts';

interface Options extends ServerOptions {
  readonly final?: true;
}

export function registerLabGrade(parent: Command, { terminal, interrupts }: Cli): void {
  const command = parent
    .command('grade')
    .summary('look how far the work in a lab is')
    .description('Grades a lab as it is now and shows every check. Exits with 1 while not all of them pass.')
    .argument('<lab>', 'its id')
    .option('--final', 'hand it in: this is the grade that counts, once');
  withServerOptions(command).action(async (id: string, options: Options) => {
    const api = connect(options);
    const progress = terminal.progress();
    const hold = interrupts.hold();
    try {
      let attempt = await api.call<AttemptWire>('POST', labPath(id, 'attempts'), {
        body: options.final === true ? { final: true } : {},
      });
      while (attempt.state === 'queued' || attempt.state === 'running') {
        progress.say(attempt.state === 'queued' ? 'waiting to be graded' : 'looking at your lab');
        await delay(150, undefined, { signal: hold.stop });
        attempt = await api.call<AttemptWire>('GET', labPath(id, 'attempts', String(attempt.number)));
      }
      progress.clear();
      if (attempt.state === 'void') {
        throw new CliError('failed', 'attempt_void', `This attempt does not count: ${attempt.voidReason}.`);
      }
      const done = attempt;
      const standing = terminal.json
        ? null
        : await api.call<Wire<LabProgress>>('GET', labPath(id, 'progress'));
      terminal.answer(done, () => {
        const limits = standing === null ? [] : onDemandLines(standing, new Date());
        return [renderChecks(terminal, done.results, done), ...limits].join('\n');
      });
      if (done.results.some((result) => result.verdict !== null && result.verdict !== 'pass')) {
        process.exitCode = exitCodes.failed.code;
      }
    } finally {
      progress.clear();
      hold.release();
    }
  });
}
