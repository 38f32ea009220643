import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { connect, type ServerOptions, withServerOptions } from '../server-options.ts';
import { labPath } from './wire.ts';

interface Solution {
  readonly steps: readonly { readonly id: string; readonly kind: string; readonly does: string }[];
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

export function registerLabSolution(parent: Command, { terminal }: Cli): void {
  const command = parent
    .command('solution')
    .description('Shows the model solution, where the template reveals it after the end.')
    .argument('<lab>', 'its id');
  withServerOptions(command).action(async (id: string, options: ServerOptions) => {
    const solution = await connect(options).call<Solution>('GET', labPath(id, 'solution'));
    terminal.answer(solution, () => {
      const { colour } = terminal;
      const steps = solution.steps.map((step) => `${colour.bold(step.id)}  ${step.kind} ${step.does}`);
      const files = solution.files.map(({ path, text }) => `${colour.bold(path)}\n${text}`);
      return [...steps, ...files].join('\n\n');
    });
  });
}
