import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { type ServerOptions, withServerOptions } from '../server-options.ts';
import { withTokens } from './token-admin.ts';

export function registerTokenRevoke(parent: Command, cli: Cli): void {
  const command = parent
    .command('revoke')
    .description('Makes a token worthless. Asking again gives the same answer.')
    .argument('<token>', 'its id, such as tok-1f…; not its text');
  withServerOptions(command).action(async (id: string, options: ServerOptions) => {
    const revoked = await withTokens(cli, options, (tokens) => tokens.revoke(id));
    cli.terminal.answer(revoked, () => `${revoked.id} (${revoked.subject}) is revoked.`);
  });
}
