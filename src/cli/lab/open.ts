import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { type Access, labPath } from './wire.ts';

interface Options extends ServerOptions {
  readonly path?: string;
  readonly service?: string;
}

const withPages = new Set(['sample-api', 'service', 'stub']);

export function registerLabOpen(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('open')
    .description(
      "Gives an address at which a browser may open a component's pages; it works once, within half a minute.",
    )
    .argument('<lab>', 'its id')
    .argument('[component]', 'which one; not needed where only one has pages')
    .option('--path <path>', 'where to begin, such as /docs')
    .option('--service <name:port>', 'in a namespace: which Service of it, such as web:80');
  withServerOptions(command).action(async (id: string, asked: string | undefined, options: Options) => {
    const client = connect(options);
    const component = asked ?? onlyOne(await client.call<Access>('GET', labPath(id, 'access')));
    const asking = {
      ...(options.path === undefined ? {} : { path: options.path }),
      ...(options.service === undefined ? {} : { service: options.service }),
    };
    const body = Object.keys(asking).length === 0 ? {} : { body: asking };
    const path = labPath(id, 'proxy', component);
    const opened = await client.call<{ url: string; expiresAt: string }>('POST', path, body);
    terminal.answer(opened, () => opened.url);
  });
}

function onlyOne({ components }: Access): string {
  const names = Object.entries(components).flatMap(([name, { kind }]) => (withPages.has(kind) ? [name] : []));
  const [name] = names;
  if (name !== undefined && names.length === 1) return name;
  const text =
    names.length === 0 ? 'No component of this lab has pages.' : `Say which one: ${names.join(', ')}.`;
  throw new CliError('usage', 'bad_usage', text, { known: names });
}
