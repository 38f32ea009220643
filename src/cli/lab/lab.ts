import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { registerLabAccess } from './access.ts';
import { registerLabAnswer } from './answer.ts';
import { registerLabCreate } from './create.ts';
import { registerLabDelete } from './delete.ts';
import { registerLabEvents } from './events.ts';
import { registerLabExtend } from './extend.ts';
import { registerLabGrade } from './grade.ts';
import { registerLabGuide } from './guide.ts';
import { registerLabHint } from './hint.ts';
import { registerLabList } from './list.ts';
import { registerLabProgress } from './progress.ts';
import { registerLabReset } from './reset.ts';
import { registerLabShow } from './show.ts';
import { registerLabSql } from './sql.ts';

/** `labwright lab …`: labs on a server that runs. */
export function registerLab(parent: Command, cli: Cli): void {
  const lab = parent
    .command('lab')
    .description('Labs on a server that runs; it is found in the data folder, or by LABWRIGHT_URL.');
  const commands = [
    registerLabCreate,
    registerLabList,
    registerLabShow,
    registerLabAccess,
    registerLabGuide,
    registerLabSql,
    registerLabProgress,
    registerLabGrade,
    registerLabAnswer,
    registerLabHint,
    registerLabEvents,
    registerLabReset,
    registerLabExtend,
    registerLabDelete,
  ];
  for (const register of commands) register(lab, cli);
}
