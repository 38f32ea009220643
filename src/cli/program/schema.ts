import type { Command } from 'commander';
import type { Cli } from '../cli.ts';

export function registerProgramSchema(parent: Command, _cli: Cli): void {
  parent
    .command('schema')
    .description('Prints the JSON Schema of programs, for editors.')
    .action(async () => {
      const { programJsonSchema } = await import('../../programs/schema.ts');
      process.stdout.write(`${JSON.stringify(programJsonSchema(), null, 2)}\n`);
    });
}
