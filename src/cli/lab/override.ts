import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { labPath } from './wire.ts';

interface Options extends ServerOptions {
  readonly points?: string;
  readonly reason: string;
}

export function registerLabOverride(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('override')
    .summary('say what counts instead of a verdict (instructors)')
    .description("Says what counts instead of a check's verdict. The grader's own stays beside it.")
    .argument('<lab>', 'its id')
    .argument('<attempt>', 'number of the attempt')
    .argument('<check>', 'id of the check')
    .argument('<verdict>', 'pass or fail')
    .requiredOption('--reason <text>', 'why; the trainee reads it')
    .option('--points <number>', 'default: all for a pass, none for a fail');
  withServerOptions(command).action(
    async (id: string, attempt: string, check: string, verdict: string, options: Options) => {
      const { points, reason } = options;
      const body = { verdict, reason, ...(points === undefined ? {} : { points: Number(points) }) };
      const path = labPath(id, 'attempts', attempt, 'overrides', check);
      const said = await connect(options).call<{ points: number }>('PUT', path, { body });
      terminal.answer(said, () => `${check} counts as ${verdict} with ${said.points} points.`);
    },
  );
}
