import type { Command } from 'commander';
import type { FactWire } from '../../http/program-wire.ts';
import { factKinds } from '../../programs/record.ts';
import type { ApiClient } from '../api-client.ts';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { plain } from '../plain.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { table } from '../table.ts';
import { factValue, type GivenFact, readFacts } from './fact-values.ts';
import { programPath } from './program.ts';

interface Options extends ServerOptions {
  readonly on?: string;
  readonly comment?: string;
  readonly withdraw?: true;
  readonly csv?: string;
}

/** What one request takes; well below the server's limit, and its size below that of a body. */
const batch = 100;

export function registerProgramFact(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('fact')
    .summary('store what is known of a trainee; without a kind, show it (instructors)')
    .description(
      'Stores attendance, quiz results, marks, attestations and waivers. Nothing is overwritten: of several facts about ' +
        'the same item and day the newest holds. Without a kind it shows what was stored.',
    )
    .argument('<program>', 'its id')
    .argument('[trainee]', 'their name')
    .argument('[kind]', factKinds.join(', '))
    .argument(
      '[item]',
      'a session, a quiz, <session>/<assessment>, a component, what is attested, <what>:<item> to waive',
    )
    .argument('[values...]', 'hours; a percentage or 17/20; or each criterion as <id>=full|half|none')
    .option('--on <day>', 'the day that it is about, such as 2026-03-01; default: today')
    .option('--comment <text>', "a waiver's reason, or what else there is to say")
    .option('--withdraw', 'take back what was said of this item and day')
    .option('--csv <file>', 'many at once: columns trainee, kind, item, value, on, comment');
  withServerOptions(command).action(
    async (
      id: string,
      trainee: string | undefined,
      kind: string | undefined,
      item: string | undefined,
      values: readonly string[],
      options: Options,
    ) => {
      const api = connect(options);
      if (options.csv !== undefined) return storeAll(api, id, await readFacts(options.csv));
      if (kind === undefined) return show(api, id, trainee);
      if (trainee === undefined || item === undefined) {
        throw new CliError('usage', 'bad_usage', 'A fact needs a trainee, a kind and an item.');
      }
      const { on, comment, withdraw } = options;
      const fact: GivenFact = {
        trainee,
        kind,
        item,
        ...factValue(kind, values),
        ...(on === undefined ? {} : { on }),
        ...(comment === undefined ? {} : { comment }),
        ...(withdraw === undefined ? {} : { withdrawn: true }),
      };
      await storeAll(api, id, [fact]);
    },
  );

  async function storeAll(api: ApiClient, id: string, facts: readonly GivenFact[]): Promise<void> {
    const stored: FactWire[] = [];
    for (let from = 0; from < facts.length; from += batch) {
      const body = { facts: facts.slice(from, from + batch) };
      try {
        const { items } = await api.call<{ items: FactWire[] }>('POST', programPath(id, 'facts'), { body });
        stored.push(...items);
      } catch (error) {
        if (from === 0 || !(error instanceof CliError)) throw error;
        // Sent again, the first ones say the same once more.
        const note = `The first ${from} facts were stored; the rest was not. All may be sent again.`;
        throw new CliError(error.exit, error.code, `${error.message}\n${note}`, error.extra);
      }
    }
    terminal.answer(
      { items: stored },
      () => `Stored ${stored.length === 1 ? '1 fact' : `${stored.length} facts`}.`,
    );
  }

  async function show(api: ApiClient, id: string, trainee: string | undefined): Promise<void> {
    const query = { trainee, limit: 200 };
    const page = await api.call<{ items: readonly FactWire[]; nextCursor: string | null }>(
      'GET',
      programPath(id, 'facts'),
      { query },
    );
    terminal.answer(page, () => {
      if (page.items.length === 0) return 'Nothing was stored yet.';
      const columns = [
        { title: 'Day' },
        { title: 'Trainee' },
        { title: 'Kind' },
        { title: 'Item', wraps: true },
        { title: 'Value' },
        { title: 'Comment', wraps: true },
        { title: 'By' },
      ];
      const rows = page.items.map((one) => [
        one.on,
        plain(one.trainee),
        one.kind,
        one.item,
        shown(one),
        plain(one.comment ?? ''),
        plain(one.by),
      ]);
      const more = page.nextCursor === null ? '' : '\nThere are more: name a trainee, or use the API.';
      return table(terminal, columns, rows) + more;
    });
  }
}

function shown({ withdrawn, hours, percent }: FactWire): string {
  if (withdrawn) return 'withdrawn';
  if (hours !== null) return `${hours} h`;
  return percent === null ? 'yes' : `${Math.floor(percent * 100) / 100} %`;
}
