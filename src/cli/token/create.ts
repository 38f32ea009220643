import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { type ServerOptions, withServerOptions } from '../server-options.ts';
import { type NewTokenWish, withTokens } from './token-admin.ts';

interface Options extends ServerOptions {
  readonly role: NewTokenWish['role'];
  readonly name?: string;
  readonly class?: string;
  readonly ttl?: string;
}

export function registerTokenCreate(parent: Command, cli: Cli): void {
  const { terminal } = cli;
  const command = parent
    .command('create')
    .description('Makes a token and shows it, once: only its hash is kept.')
    .argument('<subject>', 'for whom, such as an e-mail address');
  command
    .addOption(
      command
        .createOption('--role <role>', 'what it may')
        .choices(['trainee', 'instructor', 'admin'])
        .default('trainee'),
    )
    .option('--name <text>', 'what people know it by; default: the subject')
    .option('--class <id>', 'the class that labs are made for which are asked for with it')
    .option('--ttl <duration>', 'how long it works, such as 90d; default: until it is revoked');
  withServerOptions(command).action(async (subject: string, options: Options) => {
    const { role, name, ttl, class: group } = options;
    const made = await withTokens(cli, options, (tokens) =>
      tokens.create({ subject, role, name, ttl, class: group }),
    );
    terminal.answer(made, () => made.token);
    terminal.note(
      terminal.noteColour.dim(`${made.role} token ${made.id} for ${made.subject}; it is not shown again.`),
    );
  });
}
