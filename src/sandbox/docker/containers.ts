/** Containers of the sandboxes of one installation, by name and label, whoever made them. */
import { randomBytes } from 'node:crypto';
import type Docker from 'dockerode';
import { LabError } from '../../lab/errors.ts';
import type { Log } from '../../lab/log.ts';
import type { Naming } from '../naming.ts';
import { containerOptions, userOf } from './container-options.ts';
import { createImageCommits } from './containers-commit.ts';
import { createExec } from './containers-exec.ts';
import { createContainerFiles } from './containers-files.ts';
import { createFind } from './containers-find.ts';
import type { Engine } from './engine.ts';
import { engineStatus } from './engine-errors.ts';
import { foundOf, networkOf } from './found-container.ts';
import { lastOf, lines } from './log-frames.ts';
import type { ContainerSpec, Containers, FoundContainer, Networks } from './types.ts';

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
/** A container that others make or remove at the same time settles within this many looks. */
const looks = 20;

export function createContainers(options: ContainersOptions): Containers {
  const { engine, installationId, naming, networks } = options;
  const onEnding = options.onEnding ?? (() => {});
  const files = createContainerFiles(engine);
  let limitsDisk = true;

  async function look(name: string, signal: AbortSignal): Promise<Docker.ContainerInspectInfo | null> {
    return absentAsNull(
      engine.ask(
        `look at container ${name}`,
        (docker, abortSignal) => docker.getContainer(name).inspect({ abortSignal }),
        signal,
      ),
    );
  }

  async function imageUser(image: string, signal: AbortSignal): Promise<string> {
    const { Config } = await engine.ask(
      `look at image ${image}`,
      (docker) => docker.getImage(image).inspect(),
      signal,
    );
    return Config.User;
  }

  async function create(spec: ContainerSpec, name: string, signal: AbortSignal): Promise<string | null> {
    const network = spec.network ? await networks.ensure(spec.ref.sandboxId, signal) : 'none';
    const user = userOf(spec, spec.user === 'image' ? await imageUser(spec.image, signal) : '');
    const context = { installationId, name, network, user, now: new Date(), limitsDisk };
    try {
      const { id } = await engine.ask(
        `create container ${name}`,
        (docker, abortSignal) => docker.createContainer({ ...containerOptions(spec, context), abortSignal }),
        signal,
      );
      return id;
    } catch (thrown) {
      // Someone else was faster.
      if (engineStatus(thrown) === 409) return null;
      if (!limitsDisk || !/storage-opt|storage opt|pquota|quota/i.test(String(thrown))) throw thrown;
      limitsDisk = false;
      options.log.warn(
        { backend: 'docker' },
        "The engine's storage driver cannot limit how much a container writes: no disk limit is set.",
      );
      return create(spec, name, signal);
    }
  }

  /** Its network may have been removed, or made anew, since it was made. */
  async function connect(spec: ContainerSpec, id: string, network: string, signal: AbortSignal) {
    await engine
      .ask(
        `take container ${id} from its lost network`,
        (docker, abortSignal) =>
          docker.getNetwork(network).disconnect({ Container: id, Force: true, abortSignal }),
        signal,
      )
      .catch((thrown) => {
        if (engineStatus(thrown) === null) throw thrown;
      });
    await engine.ask(
      `connect container ${id} to its network`,
      (docker, abortSignal) =>
        docker.getNetwork(network).connect({
          Container: id,
          EndpointConfig: { Aliases: [...spec.aliases] },
          ...{ abortSignal },
        }),
      signal,
    );
  }

  async function start(spec: ContainerSpec, id: string, signal: AbortSignal): Promise<void> {
    const starting = () =>
      engine.ask(
        `start component "${spec.ref.component}"`,
        (docker, abortSignal) => docker.getContainer(id).start({ abortSignal }),
        signal,
      );
    const network = spec.network ? await networks.ensure(spec.ref.sandboxId, signal) : null;
    try {
      await starting();
    } catch (thrown) {
      if (engineStatus(thrown) === 304) return;
      if (network === null || !/network .*not found|could not find .*network/i.test(String(thrown)))
        throw thrown;
      await connect(spec, id, network, signal);
      await starting();
    }
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
        if (attempt === looks || engineStatus(thrown) === null) throw thrown;
        await pause(100 * attempt, signal);
      }
    }
  }

  async function ensure(spec: ContainerSpec, name: string, signal: AbortSignal): Promise<FoundContainer> {
    for (let attempt = 1; attempt <= looks; attempt++) {
      const info = await look(name, signal);
      if (info === null) {
        await create(spec, name, signal);
        continue;
      }
      const found = foundOf(info);
      if (found === null) throw new LabError('provision_failed', `Container ${name} is another's.`);
      switch (info.State.Status) {
        case 'running': {
          const network = spec.network ? await networks.ensure(spec.ref.sandboxId, signal) : null;
          if (network !== null && !networkOf(info, network)) await connect(spec, found.id, network, signal);
          return found;
        }
        case 'paused':
          await toggle(found.id, 'unpause', signal);
          break;
        case 'created':
          // Of a maker that is gone, or one that is at it: doing the same again does no harm.
          await files.put(spec, info.Config.User, found.id, signal);
          await start(spec, found.id, signal);
          return { ...found, state: 'running' };
        case 'exited':
          await start(spec, found.id, signal);
          return { ...found, state: 'running' };
        default:
          await remove(found.id, signal);
      }
    }
    throw new LabError('provision_failed', `Container ${name} does not come to run.`);
  }

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

/** 404: what is not there. */
async function absentAsNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (thrown) {
    if (engineStatus(thrown) === 404) return null;
    throw thrown;
  }
}

/** False: it is not there, does not run, or was so already. */
async function unlessNotRunning(asked: Promise<unknown>): Promise<boolean> {
  try {
    await asked;
    return true;
  } catch (thrown) {
    const status = engineStatus(thrown);
    if (status === 404 || status === 304 || status === 409) return false;
    if (status === 500 && /is not (running|paused)|already paused/.test(String(thrown))) return false;
    throw thrown;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    setTimeout(() => {
      signal.removeEventListener('abort', giveUp);
      resolve();
    }, ms);
  });
}
