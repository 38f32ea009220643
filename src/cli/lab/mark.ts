import type { Command } from 'commander';
import type { RubricView } from '../../grading/people-service.ts';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { plain } from '../plain.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { labPath, type Wire } from './wire.ts';

interface Options extends ServerOptions {
  readonly comment?: string;
}

export function registerLabMark(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('mark')
    .summary('mark what people judge (instructors)')
    .description('Marks a check that people judge; without a check it shows what there is to mark.')
    .argument('<lab>', 'its id')
    .argument('[check]', 'id of the check')
    .argument('[marks...]', 'each criterion as <id>=full|half|none')
    .option('--comment <text>', 'for the trainee');
  withServerOptions(command).action(
    async (id: string, check: string | undefined, marks: readonly string[], options: Options) => {
      const api = connect(options);
      if (check === undefined) {
        const { items } = await api.call<{ items: readonly Wire<RubricView>[] }>('GET', labPath(id, 'marks'));
        return terminal.answer(items, () => items.map(render).join('\n\n') || 'There is nothing to mark.');
      }
      const body = {
        marks: Object.fromEntries(marks.map(pair)),
        ...(options.comment === undefined ? {} : { comment: options.comment }),
      };
      const given = await api.call('PUT', labPath(id, 'marks', check), { body });
      terminal.answer(given, () => `Marked ${check}.`);
    },
  );

  function render({ check, title, maxPoints, criteria, work, mark }: Wire<RubricView>): string {
    const { colour } = terminal;
    const lines = criteria.map((one) => {
      const given = mark?.marks[one.id] ?? 'not marked';
      return `  ${one.id} (${one.points})  ${one.text}  ${colour.dim(given)}`;
    });
    const seen = work === null ? [] : [plain(JSON.stringify(work, null, 2))];
    return [`${colour.bold(check)}  ${title}, ${maxPoints} points`, ...lines, ...seen].join('\n');
  }
}

function pair(text: string): readonly [string, string] {
  const [, criterion, level] = /^([^=]+)=(full|half|none)$/.exec(text) ?? [];
  if (criterion === undefined || level === undefined) {
    throw new CliError('usage', 'bad_mark', `"${text}": expected <criterion>=full, =half or =none.`);
  }
  return [criterion, level];
}
