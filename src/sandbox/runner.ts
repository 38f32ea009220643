/**
 * How programs of all kinds are kept running, on every backend: ours, which must serve, and a trainee's, which are shown
 * as they are.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ComponentObservation } from '../lab/lab.ts';
import type { KillSignal, SandboxPlan } from '../lab/ports.ts';
import type { ComponentSpec, SourceSpec } from '../templates/types.ts';
import { hashOf } from './files/source-files.ts';
import type { Followed, Sources } from './files/sources.ts';
import type { WorkspaceContents } from './files/workspace-contents.ts';
import type { InFlight } from './in-flight.ts';
import type { ResourceRef } from './naming.ts';
import { type Part, type Piece, pieceOfKind } from './part.ts';

/** How long a trainee's program may take to serve: a lab that waits for it is not ready. */
const patienceMs = 20_000;
/** How long a change of files waits for the program that is started again for it. */
const settleWithinMs = 10_000;

/** What all backends say of a program. */
export interface AnyProgram {
  readonly ref: ResourceRef;
  readonly startWithinMs: number;
}

/** One program a component, as a backend runs it. */
export interface RunPrograms<Program extends AnyProgram> {
  /** Starts it unless it serves at this generation. Throws LabError `start_failed` with the end of its output. */
  ensure(program: Program, signal: AbortSignal): Promise<void>;
  /**
   * As `ensure`, of a program that is not ours: what it does not serve for is its output, and no error.
   * @param beforeStart called when it is about to be started.
   */
  attempt(program: Program, signal: AbortSignal, beforeStart: () => Promise<void>): Promise<void>;
  observe(program: Program): Promise<ComponentObservation>;
  /** The end of what it printed since it was last started. */
  output(ref: ResourceRef): string | Promise<string>;
  /** Nothing when it does not run. */
  stop(ref: ResourceRef, signal: AbortSignal): Promise<void>;
  kill(ref: ResourceRef, how: KillSignal, abort: AbortSignal): Promise<void>;
}

export interface Runner<Program extends AnyProgram> {
  /** The same for every kind that is one program. */
  part<Spec extends ComponentSpec>(
    programOf: (piece: Piece<Spec>) => Program,
    sourceOf: (piece: Piece<Spec>) => SourceSpec | null,
  ): Required<Pick<Part<Spec>, 'ensure' | 'observe' | 'kill' | 'stop'>>;
  /** After files were changed through us: returns when the programs that run from them were started again. */
  filesChanged(sandboxId: string): Promise<void>;
}

export interface RunnerNeeds<Program extends AnyProgram> {
  readonly programs: RunPrograms<Program>;
  readonly sources: Sources;
  readonly inFlight: InFlight;
  readonly contents: WorkspaceContents;
  /** Makes a workspace that is not there yet. */
  readonly ensureWorkspace: (plan: SandboxPlan, shell: string, signal: AbortSignal) => Promise<void>;
  readonly closing: AbortSignal;
}

export function createRunner<Program extends AnyProgram>({
  programs,
  sources,
  inFlight,
  contents,
  ensureWorkspace,
  closing,
}: RunnerNeeds<Program>): Runner<Program> {
  /** Programs of trainees that are being started. */
  const starting = new Map<string, number>();
  /** Programs that were stopped: what is saved in their files starts none of them. */
  const resting = new Set<string>();
  let reloads = 0;

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
      workspace: pieceOfKind(plan, source.shell, 'shell', 'files').ref,
      below: source.path,
      reload: source.reload === 'on-save',
      editable: source.editable,
      delivered() {
        const { spec } = pieceOfKind(plan, source.shell, 'shell', 'files');
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
            await programs.stop(ref, closing);
            await programs.attempt(program, closing, async () => {});
          });
        return inFlight.ensure(sandboxId, component, `reload/${reloads}`, work, closing);
      },
    };
  }

  return {
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
        resting.delete(keyOf(piece.ref));
        if (source === null) return programs.ensure(program, signal);
        await ensureWorkspace(piece.plan, source.shell, signal);
        const follow = followed(piece, source, program);
        const startWithinMs = Math.min(program.startWithinMs, patienceMs);
        await whileStarting(piece.ref, () =>
          programs.attempt({ ...program, startWithinMs }, signal, () => sources.begin(follow)),
        );
        sources.follow(follow);
      },
      async observe(piece) {
        const program = programOf(piece);
        const source = sourceOf(piece);
        const seen = await programs.observe(program);
        if (source === null || seen.state === 'absent') return seen;
        if (resting.has(keyOf(piece.ref))) return seen;
        if (seen.generation === piece.ref.generation) sources.follow(followed(piece, source, program));
        if (starting.has(keyOf(piece.ref))) return { ...seen, state: 'starting', detail: null };
        if (seen.state === 'running') return { ...seen, detail: sources.changedOutside(piece.ref) };
        return { ...seen, detail: `${seen.detail ?? ''}\n${await programs.output(piece.ref)}`.trim() };
      },
      kill: ({ ref }, how, abort) => programs.kill(ref, how, abort),
      async stop({ ref }, signal) {
        resting.add(keyOf(ref));
        sources.forget(ref.sandboxId, ref.component);
        await programs.stop(ref, signal);
      },
    }),
  };
}
