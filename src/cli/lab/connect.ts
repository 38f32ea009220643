import { type Command, InvalidArgumentError } from 'commander';
import { readServicePort } from '../../lab/service-port.ts';
import { didYouMean } from '../../templates/suggest.ts';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { type Access, labPath } from './wire.ts';

interface Options extends ServerOptions {
  readonly port?: number;
  readonly service?: string;
}

export function registerLabConnect(parent: Command, cli: Cli): void {
  const command = parent
    .command('connect')
    .summary('a terminal in a workspace, or a local port to a component')
    .description(
      'Opens a terminal in a workspace; Enter ~ . leaves it. What comes from a pipe is run there as a script. Any other ' +
        'component is reached through a port of this machine until Ctrl-C.\n\n' +
        "Exits with the shell's own code; without one with 0 when you ended it, 5 when the lab ended or was reset " +
        'meanwhile, 3 when the server went away.',
    )
    .argument('<lab>', 'its id')
    .argument('[component]', 'which one; not needed where only one is a workspace')
    .option('--port <number>', 'the local port; default: a free one', portOf)
    .option('--service <name:port>', 'in a namespace: which Service of it, such as web:80', serviceOf);
  withServerOptions(command).action(async (id: string, asked: string | undefined, options: Options) => {
    const api = connect(options);
    const access = await api.call<Access>('GET', labPath(id, 'access'));
    const { name, kind, facts } = componentOf(access, asked);
    const target = { api, id, component: name, ...serviceIn(name, kind, options) };
    if (kind !== 'shell') {
      const { openTunnel } = await import('./connect-tunnel.ts');
      return openTunnel(cli, target, { kind, facts, port: options.port ?? 0 });
    }
    if (options.port !== undefined) {
      throw new CliError(
        'usage',
        'bad_usage',
        `--port: "${name}" is a workspace: it has a terminal and no port.`,
      );
    }
    const { openTerminal } = await import('./connect-terminal.ts');
    process.exitCode = await openTerminal(cli, target);
  });
}

function componentOf({ components }: Access, asked: string | undefined) {
  const known = Object.keys(components);
  const shells = known.filter((name) => components[name]?.kind === 'shell');
  const name = asked ?? (shells.length === 1 ? shells[0] : undefined);
  if (name === undefined) {
    throw new CliError('usage', 'bad_usage', `Say which component: ${known.join(', ')}.`, { known });
  }
  const found = components[name];
  if (found !== undefined) return { name, ...found };
  const near = didYouMean(name, known) || `; it has ${known.join(', ')}.`;
  throw new CliError('notFound', 'component_not_found', `This lab has no component "${name}"${near}`, {
    known,
  });
}

function serviceIn(name: string, kind: string, { service }: Options) {
  if ((kind === 'namespace') === (service !== undefined)) return service === undefined ? {} : { service };
  const text =
    service === undefined
      ? `"${name}" is a namespace: say which Service of it, such as --service web:80.`
      : `--service: "${name}" is of kind ${kind}; only a namespace has Services.`;
  throw new CliError('usage', 'bad_usage', text);
}

function serviceOf(text: string): string {
  if (readServicePort(text) !== null) return text;
  throw new InvalidArgumentError('Allowed is the name of a Service and its port, such as web:80.');
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError('Allowed is a whole number from 1 to 65535.');
}
