import type { Command } from 'commander';
import type { CheckExplanation } from '../../grading/explain/explain.ts';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { type AttemptWire, labPath, type Wire } from '../lab/wire.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { renderAttempt } from './render.ts';

export type ExplainedAttempt = AttemptWire & {
  /** Absent for trainees; null: nothing was recorded of what it was judged on. */
  readonly explained?: readonly Wire<CheckExplanation>[] | null;
};

export function registerAttemptShow(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('show')
    .summary('explain the verdicts of an attempt')
    .description(
      'Shows an attempt. Instructors see what each check looked at and compared, and what counts over it; trainees ' +
        'what the lab shows them.',
    )
    .argument('<lab>', 'its id')
    .argument('[number]', 'of the attempt; default: the newest');
  withServerOptions(command).action(
    async (id: string, number: string | undefined, options: ServerOptions) => {
      const api = connect(options);
      const path = labPath(id, 'attempts', number ?? (await newest()));
      const { role } = await api.call<{ role: string }>('GET', '/me');
      const attempt = await api.call<ExplainedAttempt>('GET', path, {
        query: { explain: role === 'trainee' ? undefined : 'true' },
      });
      terminal.answer(attempt, () => renderAttempt(terminal, attempt));

      async function newest(): Promise<string> {
        const { items } = await api.call<{ items: readonly AttemptWire[] }>('GET', labPath(id, 'attempts'));
        const last = items.at(-1);
        if (last !== undefined) return String(last.number);
        throw new CliError('refused', 'attempt_not_found', `Lab "${id}" has no attempts yet.`);
      }
    },
  );
}
