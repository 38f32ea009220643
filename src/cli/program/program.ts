import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { registerProgramExport } from './export.ts';
import { registerProgramFact } from './fact.ts';
import { registerProgramLint } from './lint.ts';
import { registerProgramList } from './list.ts';
import { registerProgramProgress } from './progress.ts';
import { registerProgramSchema } from './schema.ts';
import { registerProgramShow } from './show.ts';

/** `labwright program …`: curricula of labs, how far people are in them, and what is stored about people. */
export function registerProgram(parent: Command, cli: Cli): void {
  const program = parent
    .command('program')
    .description('Programs: sessions, assessments and certificates; how far people are in them.');
  for (const register of [
    registerProgramList,
    registerProgramShow,
    registerProgramProgress,
    registerProgramFact,
    registerProgramExport,
    registerProgramLint,
    registerProgramSchema,
  ])
    register(program, cli);
}

/** `/programs/<id>/…`, whatever was typed. */
export function programPath(id: string, ...rest: string[]): string {
  return `/programs/${[id, ...rest].map(encodeURIComponent).join('/')}`;
}
