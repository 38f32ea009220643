import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { registerClassDelete } from './delete.ts';
import { registerClassList } from './list.ts';
import { registerClassPut } from './put.ts';
import { registerClassShow } from './show.ts';

/** `labwright class …`: which version of a template a class gets, and when its work is due. */
export function registerClass(parent: Command, cli: Cli): void {
  const group = parent
    .command('class')
    .description('Classes of a server that runs: which versions they get, and when work is due.');
  for (const register of [registerClassPut, registerClassList, registerClassShow, registerClassDelete])
    register(group, cli);
}
