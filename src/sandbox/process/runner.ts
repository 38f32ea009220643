/** How programs of all kinds are kept running: ours, which must serve, and a trainee's, which are shown as they are. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SandboxPlan } from '../../lab/ports.ts';
import type { ComponentSpec, SourceSpec } from '../../templates/types.ts';
import { hashOf } from '../files/source-files.ts';
import type { Followed, Sources } from '../files/sources.ts';
import type { WorkspaceContents } from '../files/workspace-contents.ts';
import type { InFlight } from '../in-flight.ts';
import type { ResourceRef } from '../naming.ts';
import { type Part, type Piece, pieceOfKind } from '../part.ts';
import type { Children } from './children.ts';
import type { Program, Programs } from './programs.ts';

/** How long a trainee's program may take to serve: a lab that waits for it is not ready. */
const patienceMs = 20_000;
/** How long a change of files waits for the program that is started again for it. */
const settleWithinMs = 10_000;

export interface Runner {
  /** The same for every kind that is one program. */
  part<Spec extends ComponentSpec>(
    programOf: (piece: Piece<Spec>) => Program,
    sourceOf: (piece: Piece<Spec>) => SourceSpec | null,
  ): Pick<Part<Spec>, 'ensure' | 'observe' | 'kill'>;
  /** Where a trainee's program runs from. */
  sourceFolder(plan: SandboxPlan, source: SourceSpec): string;
  logPath(ref: ResourceRef): string;
  /** After files were changed through us: returns when the programs that run from them were started again. */
  filesChanged(sandboxId: string): Promise<void>;
}

export interface RunnerParts {
  readonly programs: Programs;
  readonly children: Children;
  readonly sources: Sources;
  readonly inFlight: InFlight;
  readonly contents: WorkspaceContents;
  readonly workspacePath: (ref: ResourceRef) => string;
  /** Makes a workspace that is not there yet. */
  readonly ensureWorkspace: (plan: SandboxPlan, shell: string, signal: AbortSignal) => Promise<void>;
  readonly closing: AbortSignal;
}

export function createRunner(parts: RunnerParts): Runner {
  const { programs, children, sources, inFlight, contents, workspacePath, ensureWorkspace, closing } = parts;
  /** Programs of trainees that are being started. */
  const starting = new Map<string, number>();
  let reloads = 0;

  const shellOf = (plan: SandboxPlan, source: SourceSpec) =>
    pieceOfKind(plan, source.shell, 'shell', 'files');
  const rootOf = (plan: SandboxPlan, source: SourceSpec) => workspacePath(shellOf(plan, source).ref);
  const sourceFolder = (plan: SandboxPlan, source: SourceSpec) => join(rootOf(plan, source), source.path);
  const keyOf = ({ sandboxId, component }: ResourceRef) => `${sandboxId}/${component}`;

  async function whileStarting(ref: ResourceRef, work: () => Promise<void>): Promise<void> {
    const key = keyOf(ref);
    starting.set(key, (starting.get(key) ?? 0) + 1);
    try {
      await work();
    } finally {
      const left = (starting.get(key) ?? 1) - 1;
      if (left === 0) starting.delete(key);
      else starting.set(key, left);
    }
  }

  function followed(piece: Piece, source: SourceSpec, program: Program): Followed {
    const { plan, ref } = piece;
    const { sandboxId, component } = ref;
    let delivered: ReadonlyMap<string, string> | null = null;
    return {
      ref,
      root: rootOf(plan, source),
      folder: sourceFolder(plan, source),
      reload: source.reload === 'on-save',
      editable: source.editable,
      delivered() {
        const { spec } = shellOf(plan, source);
        const prefix = source.path === '' ? '' : `${source.path}/`;
        delivered ??= new Map(
          [...contents(plan, source.shell, spec)]
            .filter(([path]) => path.startsWith(prefix))
            .map(([path, content]) => [path.slice(prefix.length), hashOf(content)]),
        );
        return delivered;
      },
      restart(isCurrent) {
        reloads += 1;
        const work = () =>
          whileStarting(ref, async () => {
            // Destroyed or reset while it waited for its turn.
            if (!isCurrent() || closing.aborted) return;
            await children.stop(sandboxId, component);
            await programs.attempt(program, closing);
          });
        return inFlight.ensure(sandboxId, component, `reload/${reloads}`, work, closing);
      },
    };
  }

  return {
    sourceFolder,
    logPath: programs.logPath,
    async filesChanged(sandboxId) {
      const patience = new AbortController();
      const settled = sources.settle(sandboxId).catch(() => {});
      await Promise.race([
        settled,
        delay(settleWithinMs, undefined, { signal: patience.signal }).catch(() => {}),
      ]);
      patience.abort();
    },
    part: (programOf, sourceOf) => ({
      async ensure(piece, signal) {
        const source = sourceOf(piece);
        const program = programOf(piece);
        if (source === null) return programs.ensure(program, signal);
        await ensureWorkspace(piece.plan, source.shell, signal);
        const follow = followed(piece, source, program);
        const launch = async () => {
          await sources.begin(follow);
          return program.launch();
        };
        const startWithinMs = Math.min(program.startWithinMs, patienceMs);
        await whileStarting(piece.ref, () => programs.attempt({ ...program, launch, startWithinMs }, signal));
        sources.follow(follow);
      },
      async observe(piece) {
        const program = programOf(piece);
        const source = sourceOf(piece);
        const seen = await programs.observe(program);
        if (source === null || seen.state === 'absent') return seen;
        if (seen.generation === piece.ref.generation) sources.follow(followed(piece, source, program));
        if (starting.has(keyOf(piece.ref))) return { ...seen, state: 'starting', detail: null };
        if (seen.state === 'running') return { ...seen, detail: sources.changedOutside(piece.ref) };
        return { ...seen, detail: `${seen.detail ?? ''}\n${programs.output(piece.ref)}`.trim() };
      },
      kill: ({ ref }, signal, abort) => children.kill(ref.sandboxId, ref.component, signal, abort),
    }),
  };
}
