import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { exitCodes } from './exit-codes.ts';
import { table } from './table.ts';

export function registerDoctor(parent: Command, { terminal }: Cli): void {
  parent
    .command('doctor')
    .summary('what is missing here, and how to get it')
    .description('Looks at what Labwright and each backend need of this machine. Starts and changes nothing.')
    .option('--data-dir <folder>', 'the data folder (DATA_DIR)')
    .action(async (options: { readonly dataDir?: string }) => {
      const { loadConfig } = await import('../config.ts');
      const { diagnose } = await import('../compose/diagnose.ts');
      const { toolsOfTemplates } = await import('../compose/template-tools.ts');
      const config = loadConfig(options);
      const findings = await diagnose(config, await toolsOfTemplates(config.templatesDir));
      // Without these nothing works; a backend that is not enabled is only told about.
      const backends = config.backends.map((name) => `backend ${name}`);
      const needed = new Set(['machine', 'control database', 'queue', ...backends]);
      const broken = findings.some((one) => one.status === 'missing' && needed.has(one.area));
      const { colour } = terminal;
      const mark = { ok: colour.green('✓'), warn: colour.yellow('!'), missing: colour.red('✗') };
      terminal.answer({ ok: !broken, findings }, () => {
        const rows = findings.map(({ area, what, status, found, remedy }) => [
          status === 'missing' && !needed.has(area) ? colour.dim('–') : mark[status],
          area,
          what,
          remedy === null ? found : `${found}\n${colour.dim(`→ ${remedy}`)}`,
        ]);
        const columns = [
          { title: '' },
          { title: 'Part' },
          { title: 'What' },
          { title: 'Found', wraps: true },
        ];
        const verdict = broken
          ? colour.red('Something that is needed is missing.')
          : colour.green('Ready to serve.');
        return `${table(terminal, columns, rows)}\n\n${verdict}`;
      });
      if (broken) process.exitCode = exitCodes.unavailable.code;
    });
}
