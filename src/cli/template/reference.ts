import { join } from 'node:path';
import type { Command } from 'commander';
import { projectRoot } from '../../config.ts';
import type { Cli } from '../cli.ts';

export function registerTemplateReference(parent: Command, _cli: Cli): void {
  parent
    .command('reference')
    .description(
      'Prints the reference of lab.yaml as Markdown: every component, look and step with an example.',
    )
    .action(async () => {
      const [{ createVocabulary }, { renderReference }, { loadTours }] = await Promise.all([
        import('../../compose/language.ts'),
        import('../../reference/render.ts'),
        import('../../reference/tour.ts'),
      ]);
      const vocabulary = createVocabulary();
      const folder = join(projectRoot, 'lab-templates', 'reference');
      const tours = await loadTours(folder, vocabulary.language);
      process.stdout.write(renderReference({ ...vocabulary, ...tours }));
    });
}
