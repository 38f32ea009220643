import { homedir } from 'node:os';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { didYouMean } from '../../templates/suggest.ts';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { type Access, labPath } from './wire.ts';

interface Options extends ServerOptions {
  readonly component?: string;
  readonly rows: number;
}

export function registerLabSql(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('sql')
    .summary("a SQL prompt in a lab's database, as its trainee")
    .description(
      "Runs SQL in a lab's database with the trainee's role, without psql: one statement, what comes from a pipe, or a prompt.",
    )
    .argument('<lab>', 'its id')
    .argument('[statement]', 'default: a prompt')
    .option('--component <name>', 'which database, where a lab has several')
    .option('--rows <number>', 'rows shown at most', rowCap, 200);
  withServerOptions(command).action(async (id: string, statement: string | undefined, options: Options) => {
    const api = connect(options);
    const access = await api.call<Access>('GET', labPath(id, 'access'));
    const { name, url } = databaseOf(access, options.component);
    const { openLocalPort } = await import('./connect-tunnel.ts');
    const { openSqlSession } = await import('../sql/session.ts');
    // The lab's own address is one for those who are in it.
    const local = await openLocalPort({ api, id, component: name }, 0, (text) => terminal.note(text));
    const session = await openSqlSession(through(url, local.port)).catch((thrown: unknown) => {
      local.close();
      throw thrown;
    });
    try {
      if (statement === undefined && !terminal.json) {
        const { runPrompt } = await import('../sql/prompt.ts');
        await runPrompt(terminal, session, { name, maxRows: options.rows, historyFile: historyFile() });
        return;
      }
      const { runStatements } = await import('../sql/once.ts');
      await runStatements(terminal, session, statement ?? (await readAll()), options.rows);
    } finally {
      await session.close();
      local.close();
    }
  });
}

function through(url: string, port: number): string {
  const local = new URL(url);
  local.host = `127.0.0.1:${port}`;
  return local.href;
}

/** Throws CliError when the lab has no such database, or several and none was named. */
function databaseOf(
  access: Access,
  wanted: string | undefined,
): { readonly name: string; readonly url: string } {
  const databases = Object.entries(access.components).filter(([, { kind }]) => kind === 'postgres');
  const names = databases.map(([name]) => name);
  const found = wanted === undefined ? databases : databases.filter(([name]) => name === wanted);
  const only = found.length === 1 ? found[0] : undefined;
  if (only !== undefined) return { name: only[0], url: String(only[1].facts.url) };
  const has =
    names.length === 0 ? 'This lab has no database' : `This lab has the databases ${names.join(', ')}`;
  const message =
    wanted === undefined
      ? `${has}; name one with --component.`
      : `${has}, not "${wanted}"${didYouMean(wanted, names) || '.'}`;
  throw new CliError('notFound', 'component_not_found', message, { known: names });
}

function rowCap(text: string): number {
  const rows = Number(text);
  if (Number.isInteger(rows) && rows >= 1 && rows <= 100_000) return rows;
  throw new InvalidArgumentError('Allowed is a whole number from 1 to 100000.');
}

function historyFile(): string {
  return `${homedir()}/.labwright_sql_history`;
}

async function readAll(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk;
  return text;
}
