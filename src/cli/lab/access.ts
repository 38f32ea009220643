import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { renderAccess } from './render.ts';
import { type Access, labPath } from './wire.ts';

export function registerLabAccess(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('access')
    .description('Shows how to reach each component: addresses, users, passwords.')
    .argument('<lab>', 'its id');
  withServerOptions(command).action(async (id: string, options: ServerOptions) => {
    const access = await connect(options).call<Access>('GET', labPath(id, 'access'));
    terminal.answer(access, () => renderAccess(terminal, access));
    const { kubeconfig, kubeconfigNote } = access;
    if (kubeconfig !== null) terminal.note(`For kubectl: labwright lab kubeconfig ${id} --write <file>`);
    if (kubeconfigNote !== null) terminal.note(kubeconfigNote);
  });
}
