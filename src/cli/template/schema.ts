import type { Command } from 'commander';
import type { Cli } from '../cli.ts';

export function registerTemplateSchema(parent: Command, _cli: Cli): void {
  parent
    .command('schema')
    .description('Prints the JSON Schema of lab.yaml, for editors.')
    .action(async () => {
      const { createVocabulary } = await import('../../compose/language.ts');
      process.stdout.write(`${JSON.stringify(createVocabulary().language.jsonSchema(), null, 2)}\n`);
    });
}
