/** What kubectl needs to reach a lab's namespaces. */
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { type Access, labPath } from './wire.ts';

interface Options extends ServerOptions {
  readonly write?: string;
}

export function registerLabKubeconfig(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('kubeconfig')
    .summary("a kubeconfig for the lab's namespaces")
    .description(
      "Prints a kubeconfig with a context for each of the lab's namespaces, with the trainee's rights. Each call gives a " +
        'new token; all of them end with the lab. Keep it as you keep a password.',
    )
    .argument('<lab>', 'its id')
    .option('--write <file>', 'write it there, for you alone to read, and print how to use it');
  withServerOptions(command).action(async (id: string, options: Options) => {
    const access = await connect(options).call<Access>('GET', labPath(id, 'access'));
    const found = requireKubeconfig(access);
    if (options.write === undefined) return terminal.answer(found, () => found.text.trimEnd());
    const file = resolve(options.write);
    await writeAlone(file, found.text);
    const { expiresAt, contexts } = found;
    terminal.answer({ file, expiresAt, contexts }, () => `export KUBECONFIG=${quoted(file)}`);
    terminal.note(`Its token ends at ${expiresAt}. Contexts: ${contexts.join(', ')}.`);
  });
}

function requireKubeconfig({ kubeconfig, kubeconfigNote }: Access) {
  if (kubeconfig !== null) return kubeconfig;
  if (kubeconfigNote !== null) throw new CliError('unavailable', 'no_kubeconfig', kubeconfigNote);
  throw new CliError('refused', 'no_namespaces', 'No component of this lab is a namespace of a cluster.');
}

/** Whoever reads it has the trainee's rights. */
async function writeAlone(file: string, text: string): Promise<void> {
  try {
    const handle = await open(file, 'w', 0o600);
    try {
      await handle.chmod(0o600);
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const said = `--write: found ${file}, which cannot be written (${code}); allowed is a file of yours.`;
    throw new CliError('usage', 'bad_usage', said);
  }
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
