/** A program of the template, or of the trainee. */
import { join } from 'node:path';
import type { ServiceComponent } from '../../templates/types.ts';
import type { Environments } from '../environment.ts';
import { workspaceFolder } from '../naming.ts';
import type { Part, Piece } from '../part.ts';
import { filesBeneath } from '../template-files.ts';
import type { ProcessDriverOptions } from './options.ts';
import { fillFolder } from './own-folder.ts';
import { portOf } from './ports.ts';
import type { Program } from './programs.ts';
import { httpTrouble, logTrouble, tcpTrouble } from './readiness.ts';
import type { Records } from './records.ts';
import { locate, searchPathWith } from './run-program.ts';
import type { Runner } from './runner.ts';

const startWithinMs = 30_000;

export function createServicePart(
  records: Records,
  runner: Runner,
  environments: Environments,
  options: Pick<ProcessDriverOptions, 'node' | 'labUser'>,
): Part<ServiceComponent> {
  const path = searchPathWith(options.node);
  const host = '127.0.0.1';
  const portFor = ({ ref }: Piece) => portOf(records, ref.sandboxId, ref.component);

  /** Its own folder, filled with the template's files; of a program from source, that. */
  async function folderOf({ plan, ref, spec }: Piece<ServiceComponent>): Promise<string> {
    if (spec.source !== null) return runner.sourceFolder(plan, spec.source);
    const folder = join(records.folder(ref.sandboxId), workspaceFolder(ref));
    await fillFolder(folder, filesBeneath(plan.version.files, spec.files), options.labUser);
    return folder;
  }

  async function launch(piece: Piece<ServiceComponent>) {
    const { plan, spec } = piece;
    const folder = await folderOf(piece);
    const memoryMb = spec.limits?.memoryMb ?? null;
    const [name = '', ...args] = spec.command;
    return {
      program: locate(name, folder, path) ?? join(folder, name),
      args,
      cwd: folder,
      env: {
        PATH: path.join(':'),
        HOME: folder,
        LANG: 'C.UTF-8',
        ...(memoryMb !== null && { NODE_OPTIONS: `--max-old-space-size=${memoryMb}` }),
        ...environments.facts(plan, spec.uses),
        HOST: host,
        PORT: String(portFor(piece)),
        ...(await environments.own(piece, spec.env)),
      },
      user: options.labUser,
      memoryMb,
    };
  }

  function programOf(piece: Piece<ServiceComponent>): Program {
    const { ref, spec } = piece;
    const { ready } = spec;
    return {
      ref,
      title: `The program of "${ref.component}"`,
      ports: [ref.component],
      startWithinMs,
      launch: () => launch(piece),
      trouble: async (timeoutMs) => {
        if (ready.by === 'http') return httpTrouble(portFor(piece), ready.path, timeoutMs);
        if (ready.by === 'tcp') return tcpTrouble(portFor(piece), timeoutMs);
        return logTrouble(runner.logPath(ref), ready.line);
      },
    };
  }

  return {
    ...runner.part(programOf, ({ spec }) => spec.source),
    access: (piece) => {
      const port = portFor(piece);
      return { kind: 'service', url: `http://${host}:${port}`, host, port };
    },
    address: (piece, port) => (port === 'main' ? { host, port: portFor(piece) } : null),
    lacks(component, { source, files, command }) {
      if ((source !== null || files !== null) && command.length > 0) return [];
      return [`Component "${component}" is a container image, which the process backend cannot run.`];
    },
  };
}
