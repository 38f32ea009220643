/** Programs as containers, kept running as on every backend; with where a trainee's are. */
import { posix } from 'node:path';
import type { SandboxPlan } from '../../../lab/ports.ts';
import type { SourceSpec } from '../../../templates/types.ts';
import { pieceOfKind } from '../../part.ts';
import { type Runner as AnyRunner, createRunner } from '../../runner.ts';
import { type VolumeMount, workspacePath, workspaceVolumePath } from '../types.ts';
import type { ProgramNeeds } from './needs.ts';
import { createPrograms, type Program } from './programs.ts';

export interface Runner extends AnyRunner<Program> {
  /** Where a trainee's program runs from, in its container. */
  sourceFolder(plan: SandboxPlan, source: SourceSpec): string;
  /** The workspace, which its program cannot change. */
  sourceMount(plan: SandboxPlan, source: SourceSpec): VolumeMount;
}

export function createProgramRunner(needs: ProgramNeeds): Runner {
  const rootOf = (plan: SandboxPlan, { shell }: SourceSpec) =>
    workspacePath(pieceOfKind(plan, shell, 'shell', 'files').ref);
  const sourceFolder = (plan: SandboxPlan, source: SourceSpec) =>
    posix.join(rootOf(plan, source), source.path);
  const runner = createRunner<Program>({
    ...needs,
    programs: createPrograms(needs.containers, needs.gateways, needs.openGateway),
  });
  return {
    ...runner,
    sourceFolder,
    sourceMount: ({ sandboxId }, { shell }) => ({
      volume: needs.workspaceVolume(sandboxId, shell),
      path: workspaceVolumePath(shell),
      readOnly: true,
    }),
  };
}
