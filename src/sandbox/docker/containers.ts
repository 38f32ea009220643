/** Containers of the sandboxes of one installation, by name and label, whoever made them. */
import { randomBytes } from 'node:crypto';
import type Docker from 'dockerode';
import { LabError } from '../../lab/errors.ts';
import type { Log } from '../../lab/log.ts';
import type { Containers, Networks } from '../containers/types.ts';
import type { Naming } from '../naming.ts';
import { absentAsNull, pause, unlessNotRunning } from './answers.ts';
import { createImageCommits } from './containers-commit.ts';
import { createEnsure } from './containers-ensure.ts';
import { createExec } from './containers-exec.ts';
import { createFind } from './containers-find.ts';
import type { Engine } from './engine.ts';
import { engineStatus } from './engine-errors.ts';
import { lastOf, lines } from './log-frames.ts';

export interface ContainersOptions {
  readonly engine: Engine;
  readonly installationId: string;
  readonly naming: Naming;
  readonly networks: Networks;
  readonly log: Log;
  /** Told before a container is ended on purpose: that is no trouble. */
  readonly onEnding?: (id: string) => void;
}

/** How long a program may take over SIGTERM before that counts as failed. */
const termWithinMs = 10_000;
/** One that others are removing is gone within so many tries. */
const removals = 20;

export function createContainers(options: ContainersOptions): Containers {
  const { engine, installationId, naming } = options;
  const onEnding = options.onEnding ?? (() => {});

  async function look(name: string, signal: AbortSignal): Promise<Docker.ContainerInspectInfo | null> {
    return absentAsNull(
      engine.ask(
        `look at container ${name}`,
        (docker, abortSignal) => docker.getContainer(name).inspect({ abortSignal }),
        signal,
      ),
    );
  }

  async function end(id: string, by: 'KILL' | 'TERM', signal: AbortSignal): Promise<void> {
    onEnding(id);
    const sent = await unlessNotRunning(
      engine.ask(
        `end container ${id}`,
        (docker, abortSignal) => docker.getContainer(id).kill({ signal: `SIG${by}`, abortSignal }),
        signal,
      ),
    );
    if (!sent) return;
    const deadline = AbortSignal.timeout(termWithinMs);
    try {
      await ended(id, AbortSignal.any([signal, deadline]));
    } catch (thrown) {
      signal.throwIfAborted();
      if (!deadline.aborted) throw thrown;
      throw new LabError('timed_out', `It did not end of SIG${by} within ${termWithinMs / 1000} s.`);
    }
  }

  const ended = (id: string, signal: AbortSignal) =>
    absentAsNull(
      engine.ask(
        `wait for container ${id}`,
        (docker, abortSignal) => docker.getContainer(id).wait({ condition: 'not-running', abortSignal }),
        signal,
        'endless',
      ),
    );

  const toggle = (id: string, what: 'pause' | 'unpause', signal: AbortSignal) =>
    unlessNotRunning(
      engine.ask(
        `${what} container ${id}`,
        (docker, abortSignal) => docker.getContainer(id)[what]({ abortSignal }),
        signal,
      ),
    );

  async function remove(id: string, signal: AbortSignal): Promise<void> {
    onEnding(id);
    for (let attempt = 1; ; attempt++) {
      try {
        await absentAsNull(
          engine.ask(
            `remove container ${id}`,
            (docker, abortSignal) => docker.getContainer(id).remove({ v: true, force: true, abortSignal }),
            signal,
          ),
        );
        return;
      } catch (thrown) {
        // "removal of container … is already in progress", or a program in it that the kernel has not let go of yet.
        if (attempt === removals || engineStatus(thrown) === null) throw thrown;
        await pause(100 * attempt, signal);
      }
    }
  }

  const ensure = createEnsure(options, { look, toggle, remove });

  return {
    find: createFind(engine, installationId),
    ensure: (spec, signal) => ensure(spec, naming.database(spec.ref), signal),
    async stop(id, withinMs, signal) {
      onEnding(id);
      // It would not hear of it.
      await toggle(id, 'unpause', signal);
      await unlessNotRunning(
        engine.ask(
          `stop container ${id}`,
          (docker, abortSignal) =>
            docker.getContainer(id).stop({ t: Math.ceil(withinMs / 1000), abortSignal }),
          signal,
        ),
      );
    },
    async kill(id, by, signal) {
      if (by === 'STOP' || by === 'CONT') await toggle(id, by === 'STOP' ? 'pause' : 'unpause', signal);
      else await end(id, by, signal);
    },
    async restart(id, signal) {
      onEnding(id);
      await engine.ask(
        `restart container ${id}`,
        (docker, abortSignal) => docker.getContainer(id).restart({ t: 5, abortSignal }),
        signal,
      );
    },
    remove,
    async ending(id, signal) {
      const info = await look(id, signal);
      if (info === null) return 'was removed';
      const { Running, OOMKilled, ExitCode, Error: error, Status } = info.State;
      if (Running) return null;
      if (error !== '') return `cannot be started: ${error}`;
      if (Status === 'created') return null;
      if (OOMKilled) return 'was ended: it took more than its memory';
      return `ended with exit code ${ExitCode}`;
    },
    async logs(id, maxBytes, signal, of = 'all') {
      const info = of === 'all' ? null : await look(id, signal);
      const since = info === null ? 0 : beginOfRun(info.State);
      const bytes = await absentAsNull(
        engine.ask(
          `read the log of container ${id}`,
          (docker, abortSignal) =>
            docker
              .getContainer(id)
              .logs({ stdout: true, stderr: true, follow: false, since, tail: lines(maxBytes), abortSignal }),
          signal,
        ),
      );
      return bytes === null ? '' : lastOf(bytes, maxBytes);
    },
    commit: createImageCommits(engine, installationId),
    async run(spec, signal) {
      // Others may run the same job, and one that was left by a dead maker must not be in the way.
      const name = `${naming.database(spec.ref)}_${randomBytes(4).toString('hex')}`;
      try {
        const { id } = await ensure(spec, name, signal);
        const end = await ended(id, signal);
        const printed = await this.logs(id, 65_536, signal);
        return { exitCode: end?.StatusCode ?? 255, output: printed };
      } finally {
        await remove(name, AbortSignal.timeout(30_000)).catch((err) => {
          options.log.warn({ backend: 'docker', err }, 'A job that has ended could not be removed yet.');
        });
      }
    },
    ...createExec(engine, options.log),
  };
}

/**
 * When the run began that is or was the last one, in seconds. The engine says so only after the program has begun: its
 * first lines are older (by 1 ms and more). While it runs, the end of the run before is known.
 */
function beginOfRun({ Running, StartedAt, FinishedAt }: Docker.ContainerInspectInfo['State']): number {
  const seconds = (time: string) => Math.max(0, new Date(time).getTime() / 1000);
  return Running ? seconds(FinishedAt) : Math.max(0, seconds(StartedAt) - 2);
}
