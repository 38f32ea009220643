import type { Command } from 'commander';
import type { HelpRequest } from '../../grading/types.ts';
import type { Cli } from '../cli.ts';
import { plain } from '../plain.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { labPath, type Wire } from './wire.ts';

type HelpWire = Omit<Wire<HelpRequest>, 'labId' | 'templateId'> & { readonly lab: string };

interface Options extends ServerOptions {
  readonly task?: string;
}

export function registerLabAsk(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('ask')
    .summary('call an instructor')
    .description('Calls an instructor; without a message it shows what was asked and answered.')
    .argument('<lab>', 'its id')
    .argument('[message]', 'what you are stuck with')
    .option('--task <task>', 'the task that you are at');
  withServerOptions(command).action(async (id: string, message: string | undefined, options: Options) => {
    const api = connect(options);
    if (message !== undefined) {
      const body = { message, ...(options.task === undefined ? {} : { task: options.task }) };
      const asked = await api.call<HelpWire>('POST', labPath(id, 'help'), { body });
      return terminal.answer(asked, () => 'An instructor has been called.');
    }
    const { items } = await api.call<{ items: readonly HelpWire[] }>('GET', labPath(id, 'help'));
    terminal.answer(items, () => renderHelp(items) || 'Nothing was asked.');
  });
}

export function registerLabReply(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('reply')
    .summary('answer a call for help (instructors)')
    .description('Answers a call for help; without arguments it lists the open ones of all labs.')
    .argument('[lab]', "the lab's id")
    .argument('[request]', "the request's id")
    .argument('[answer]', 'what to tell the trainee');
  withServerOptions(command).action(
    async (
      id: string | undefined,
      request: string | undefined,
      answer: string | undefined,
      options: ServerOptions,
    ) => {
      const api = connect(options);
      if (id !== undefined && request !== undefined && answer !== undefined) {
        const body = { answer };
        const given = await api.call<HelpWire>('POST', labPath(id, 'help', request, 'answer'), { body });
        return terminal.answer(given, () => `Answered ${given.trainee}.`);
      }
      const path = id === undefined ? '/help' : labPath(id, 'help');
      const { items } = await api.call<{ items: readonly HelpWire[] }>('GET', path);
      terminal.answer(items, () => renderHelp(items) || 'Nobody waits for help.');
    },
  );
}

function renderHelp(items: readonly HelpWire[]): string {
  return items
    .map(({ id, lab, trainee, task, message, answer, askedAt }) => {
      const head = `${id}  ${lab}  ${plain(trainee)}${task === null ? '' : `  task ${task}`}  ${askedAt}`;
      return `${head}\n  ${plain(message)}${answer === null ? '' : `\n  → ${plain(answer)}`}`;
    })
    .join('\n\n');
}
