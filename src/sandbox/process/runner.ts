/** Programs as child processes, kept running as on every backend; with where they are and what they print. */
import { join } from 'node:path';
import type { SandboxPlan } from '../../lab/ports.ts';
import type { SourceSpec } from '../../templates/types.ts';
import type { ResourceRef } from '../naming.ts';
import { pieceOfKind } from '../part.ts';
import { type Runner as AnyRunner, createRunner, type RunnerNeeds } from '../runner.ts';
import type { Children } from './children.ts';
import type { Program, Programs } from './programs.ts';

export interface Runner extends AnyRunner<Program> {
  /** Where a trainee's program runs from. */
  sourceFolder(plan: SandboxPlan, source: SourceSpec): string;
  logPath(ref: ResourceRef): string;
}

export interface ProcessRunnerNeeds extends Omit<RunnerNeeds<Program>, 'programs'> {
  readonly programs: Programs;
  readonly children: Children;
  readonly workspacePath: (ref: ResourceRef) => string;
}

export function createProcessRunner({
  programs,
  children,
  workspacePath,
  ...needs
}: ProcessRunnerNeeds): Runner {
  const rootOf = (plan: SandboxPlan, { shell }: SourceSpec) =>
    workspacePath(pieceOfKind(plan, shell, 'shell', 'files').ref);
  const sourceFolder = (plan: SandboxPlan, source: SourceSpec) => join(rootOf(plan, source), source.path);
  const runner = createRunner<Program>({
    ...needs,
    programs: {
      ...programs,
      stop: ({ sandboxId, component }) => children.stop(sandboxId, component),
      kill: ({ sandboxId, component }, how, abort) => children.kill(sandboxId, component, how, abort),
    },
  });
  return { ...runner, sourceFolder, logPath: programs.logPath };
}
