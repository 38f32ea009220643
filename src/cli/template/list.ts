import type { Command } from 'commander';
import { loadConfig } from '../../config.ts';
import type { Cli } from '../cli.ts';
import { table } from '../table.ts';

interface Options {
  readonly templatesDir?: string;
}

export function registerTemplateList(parent: Command, { terminal }: Cli): void {
  parent
    .command('list')
    .description('Lists the templates, and how many do not load.')
    .option('--templates-dir <folder>', 'where they are (TEMPLATES_DIR)')
    .action(async (options: Options) => {
      const { createVocabulary } = await import('../../compose/language.ts');
      const { openTemplates } = await import('../../compose/templates.ts');
      const { templatesDir } = loadConfig(options);
      const source = openTemplates(templatesDir, createVocabulary().language);
      const versions = await source.list();
      const broken = await source.problems();
      const items = versions.map(({ template, hash }) => ({
        id: template.id,
        title: template.title,
        level: template.level,
        minutes: template.minutes,
        backends: template.backends,
        points: template.checks.reduce((sum, check) => sum + check.points, 0),
        components: Object.values(template.components).map((spec) => spec.kind),
        hash,
      }));
      terminal.answer({ items, broken }, () => {
        const columns = [
          { title: 'Template' },
          { title: 'Title', wraps: true },
          { title: 'Level' },
          { title: 'Minutes', align: 'right' as const },
          { title: 'Points', align: 'right' as const },
          { title: 'Components', wraps: true },
        ];
        const rows = items.map((one) => [
          terminal.colour.bold(one.id),
          one.title,
          one.level,
          String(one.minutes),
          String(one.points),
          one.components.join(', '),
        ]);
        if (rows.length > 0) return table(terminal, columns, rows);
        return `There are no templates in ${templatesDir}.`;
      });
      for (const { id, problems } of broken) {
        const count = problems.length === 1 ? '1 error' : `${problems.length} errors`;
        const { noteColour } = terminal;
        terminal.note(
          `${noteColour.yellow('!')} ${id} does not load: ${count}; \`labwright template lint\` shows them.`,
        );
      }
    });
}
