/** Programs of labs: one child process each, on loopback ports of its own, looked at from outside. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isPortFree } from '../../embedded/free-port.ts';
import type { OsUser } from '../../embedded/os-user.ts';
import { LabError } from '../../lab/errors.ts';
import type { ComponentObservation } from '../../lab/lab.ts';
import type { ResourceRef } from '../naming.ts';
import { type Children, say } from './children.ts';
import { tailOf, tailOfAll } from './log-file.ts';
import { portOf, takePort } from './ports.ts';
import type { Records, StopSpec } from './records.ts';

const pollEveryMs = 10;

export interface Launch {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: OsUser | null;
  readonly memoryMb: number | null;
  readonly stop?: StopSpec;
}

export interface Program {
  readonly ref: ResourceRef;
  /** `The sample API`, for messages. */
  readonly title: string;
  /** Names of the ports that it listens on. */
  readonly ports: readonly string[];
  readonly startWithinMs: number;
  /** Called when its ports are known. */
  launch(): Promise<Launch>;
  /** Null when it serves, else what is wrong, as `does not answer`. */
  trouble(timeoutMs: number): Promise<string | null>;
}

export interface Programs {
  /** Starts it unless it serves at this generation. Throws LabError `start_failed` with the end of its output. */
  ensure(program: Program, signal: AbortSignal): Promise<void>;
  /** As `ensure`, of a program that is not ours: what it does not serve for is its output, and no error. */
  attempt(program: Program, signal: AbortSignal, beforeStart: () => Promise<void>): Promise<void>;
  observe(program: Program): Promise<ComponentObservation>;
  /** The end of what it printed since it was last started. */
  output(ref: ResourceRef): string;
  /** The newest of all that it printed. */
  printed(ref: ResourceRef, maxBytes: number): string;
  logPath(ref: ResourceRef): string;
}

export function createPrograms(records: Records, children: Children): Programs {
  const logPath = ({ sandboxId, component }: ResourceRef) =>
    join(records.folder(sandboxId), `${component}.log`);
  const output = (ref: ResourceRef) => tailOf(logPath(ref));

  async function start(program: Program): Promise<void> {
    const { ref } = program;
    const launch = await program.launch();
    records.update(ref.sandboxId, ({ tried }) => ({ tried: { ...tried, [ref.component]: ref.generation } }));
    children.start({ ...launch, ...ref, logPath: logPath(ref) });
  }

  /** Null when it serves, else why it does not; it does not run any more then. */
  async function awaitReady(program: Program, signal: AbortSignal): Promise<string | null> {
    const { sandboxId, component } = program.ref;
    const deadline = performance.now() + program.startWithinMs;
    while (children.find(sandboxId, component) !== null) {
      const trouble = await program.trouble(1_000);
      if (trouble === null) return null;
      signal.throwIfAborted();
      if (performance.now() > deadline) {
        const what = `After ${program.startWithinMs / 1000} s it still ${trouble}.`;
        say(logPath(program.ref), what);
        await children.stop(sandboxId, component);
        return what;
      }
      await delay(pollEveryMs);
    }
    return 'It ended at once.';
  }

  /** Someone took a port between our look and the child's. A program that asks for another port is not meant. */
  async function lostItsPort({ ref, ports }: Program): Promise<boolean> {
    if (!/EADDRINUSE|address already in use/i.test(output(ref))) return false;
    const free = await Promise.all(ports.map((name) => isPortFree(portOf(records, ref.sandboxId, name))));
    return free.includes(false);
  }

  /** Null when it serves at its generation, or nothing is to be done; else why it does not. */
  async function bringUp(
    program: Program,
    signal: AbortSignal,
    beforeStart: () => Promise<void> = async () => {},
  ): Promise<string | null> {
    const { sandboxId, component, generation } = program.ref;
    const running = children.find(sandboxId, component);
    // A stale caller with an older plan changes nothing.
    if ((running?.generation ?? records.get(sandboxId)?.tried?.[component] ?? 0) > generation) return null;
    if (running?.generation === generation && (await program.trouble(2_000)) === null) return null;
    await children.stop(sandboxId, component);
    for (let attempt = 1; ; attempt += 1) {
      for (const port of program.ports) await takePort(records, sandboxId, port, attempt === 1);
      await beforeStart();
      await start(program);
      const trouble = await awaitReady(program, signal);
      if (trouble === null) return null;
      if (attempt === 3 || !(await lostItsPort(program))) return trouble;
    }
  }

  return {
    output,
    printed: (ref, maxBytes) => tailOfAll(logPath(ref), maxBytes),
    logPath,
    async ensure(program, signal) {
      const trouble = await bringUp(program, signal);
      if (trouble === null) return;
      const message = `${program.title} did not start. ${trouble}\n${output(program.ref)}`.trim();
      throw new LabError('start_failed', message);
    },
    async attempt(program, signal, beforeStart) {
      await bringUp(program, signal, beforeStart);
    },
    async observe(program) {
      const { sandboxId, component } = program.ref;
      const running = children.find(sandboxId, component);
      if (running === null) {
        const generation = records.get(sandboxId)?.tried?.[component];
        return generation === undefined
          ? { state: 'absent', generation: 0, detail: null }
          : { state: 'broken', generation, detail: `${program.title} is not running.` };
      }
      const { generation } = running;
      const trouble = await program.trouble(2_000);
      if (trouble === null) return { state: 'running', generation, detail: null };
      return { state: 'broken', generation, detail: `${program.title} ${trouble}.` };
    },
  };
}
