import type { Command } from 'commander';
import type { Cli } from './cli.ts';

export function registerMigrate(parent: Command, { terminal, interrupts }: Cli): void {
  parent
    .command('migrate')
    .summary('bring the control database to the schema of this version')
    .description(
      'Brings the control database (DATABASE_URL) to the schema of this version, and ends. A server does so itself when\n' +
        'it starts; this is for those who want it done before the first replica of a new version. What runs goes on:\n' +
        'the version before this one works on the new schema too.',
    )
    .action(async () => {
      const { loadConfig } = await import('../config.ts');
      const { createLog } = await import('../compose/log.ts');
      const { openControl } = await import('../compose/control-access.ts');
      const config = loadConfig();
      const hold = interrupts.hold();
      try {
        const log = createLog(config);
        const opened = await openControl(config, { what: 'labwright migrate', log, signal: hold.stop });
        await opened.close();
      } finally {
        hold.release();
      }
      terminal.answer({ ok: true }, () => 'The control database has the schema of this version.');
    });
}
