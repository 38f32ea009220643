import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { labPath } from './wire.ts';

interface Options extends ServerOptions {
  readonly number?: true;
}

export function registerLabAnswer(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('answer')
    .description("Answers one of a lab's questions; a later answer replaces it.")
    .argument('<lab>', 'its id')
    .argument('<question>', 'id of the question; `labwright lab progress` lists them')
    .argument('<value...>', 'the answer; several where a question has several choices')
    .option('--number', 'send it as a number');
  withServerOptions(command).action(
    async (id: string, question: string, values: readonly string[], options: Options) => {
      const api = connect(options);
      const [value = ''] = values;
      const given = options.number === true || (await wantsNumber()) ? Number(value) : value;
      const one = typeof given === 'number' && Number.isNaN(given) ? value : given;
      const body = { value: values.length > 1 ? values : one };
      const answer = await api.call<{ question: string; value: unknown }>(
        'PUT',
        labPath(id, 'answers', question),
        { body },
      );
      terminal.answer(answer, () => `${question}: ${said(answer.value)}`);

      async function wantsNumber(): Promise<boolean> {
        const progress = await api.call<{ questions: readonly { id: string; kind: string }[] }>(
          'GET',
          labPath(id, 'progress'),
        );
        return progress.questions.some((one) => one.id === question && one.kind === 'number');
      }
    },
  );
}

const said = (value: unknown) => (Array.isArray(value) ? value.join('; ') : String(value));
