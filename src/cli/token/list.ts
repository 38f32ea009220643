import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { type ServerOptions, withServerOptions } from '../server-options.ts';
import { table } from '../table.ts';
import { type TokenWire, withTokens } from './token-admin.ts';

export function registerTokenList(parent: Command, cli: Cli): void {
  const { terminal } = cli;
  const command = parent.command('list').description('Lists tokens (never their text), revoked ones too.');
  withServerOptions(command).action(async (options: ServerOptions) => {
    const items = await withTokens(cli, options, (tokens) => tokens.list());
    terminal.answer({ items }, () => {
      const columns = [
        { title: 'Token' },
        { title: 'Role' },
        { title: 'Subject', wraps: true },
        { title: 'Name', wraps: true },
        { title: 'Class', wraps: true },
        { title: 'Made' },
        { title: 'State' },
      ];
      const rows = items.map((one) => [
        one.id,
        one.role,
        one.subject,
        one.name,
        one.class ?? '',
        one.createdAt.slice(0, 16),
        state(one),
      ]);
      return items.length === 0 ? 'No tokens.' : table(terminal, columns, rows);
    });
  });

  function state(token: TokenWire): string {
    const { colour } = terminal;
    if (token.revokedAt !== null) return colour.dim('revoked');
    if (token.expiresAt === null) return colour.green('valid');
    const past = Date.parse(token.expiresAt) <= Date.now();
    return past ? colour.dim('expired') : `until ${token.expiresAt.slice(0, 16)}`;
  }
}
