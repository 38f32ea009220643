import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { registerLabAccess } from './access.ts';
import { registerLabAnswer } from './answer.ts';
import { registerLabAsk, registerLabReply } from './ask.ts';
import { registerLabConnect } from './connect.ts';
import { registerLabCreate } from './create.ts';
import { registerLabDelete } from './delete.ts';
import { registerLabEvents } from './events.ts';
import { registerLabExport } from './export.ts';
import { registerLabExtend } from './extend.ts';
import { registerLabGrade } from './grade.ts';
import { registerLabGuide } from './guide.ts';
import { registerLabHint } from './hint.ts';
import { registerLabKubeconfig } from './kubeconfig.ts';
import { registerLabList } from './list.ts';
import { registerLabMark } from './mark.ts';
import { registerLabOpen } from './open.ts';
import { registerLabOverride } from './override.ts';
import { registerLabPause } from './pause.ts';
import { registerLabPress } from './press.ts';
import { registerLabProgress } from './progress.ts';
import { registerLabReset } from './reset.ts';
import { registerLabRestore } from './restore.ts';
import { registerLabResume } from './resume.ts';
import { registerLabRewind } from './rewind.ts';
import { registerLabShow } from './show.ts';
import { registerLabSkip } from './skip.ts';
import { registerLabSnapshot } from './snapshot.ts';
import { registerLabSolution } from './solution.ts';
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
    registerLabKubeconfig,
    registerLabOpen,
    registerLabConnect,
    registerLabGuide,
    registerLabSql,
    registerLabProgress,
    registerLabGrade,
    registerLabAnswer,
    registerLabHint,
    registerLabPress,
    registerLabSkip,
    registerLabAsk,
    registerLabEvents,
    registerLabReset,
    registerLabRewind,
    registerLabSnapshot,
    registerLabRestore,
    registerLabExport,
    registerLabPause,
    registerLabResume,
    registerLabExtend,
    registerLabSolution,
    registerLabMark,
    registerLabOverride,
    registerLabReply,
    registerLabDelete,
  ];
  for (const register of commands) register(lab, cli);
}
