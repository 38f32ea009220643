import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { registerTokenCreate } from './create.ts';
import { registerTokenList } from './list.ts';
import { registerTokenRevoke } from './revoke.ts';

/** `labwright token …`: who may call a server. */
export function registerToken(parent: Command, cli: Cli): void {
  const token = parent
    .command('token')
    .description('API tokens of a server that runs: who may call it, and as what.');
  for (const register of [registerTokenCreate, registerTokenList, registerTokenRevoke]) register(token, cli);
}
