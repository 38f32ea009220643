/** Programs of labs: one container each, looked at through the gateway of their sandbox. */
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../../lab/errors.ts';
import type { SandboxPlan } from '../../../lab/ports.ts';
import type { ResourceRef } from '../../naming.ts';
import type { AnyProgram, RunPrograms } from '../../runner.ts';
import { findContainers } from '../find-containers.ts';
import { httpTrouble, type Open, tcpTrouble } from '../probes/probes.ts';
import type { ContainerSpec, Containers, FoundContainer, Gateways } from '../types.ts';

const pollEveryMs = 50;
/** How long a program that runs may take to answer. */
const answerWithinMs = 5_000;
const outputBytes = 2_000;
const readyWithinBytes = 1024 * 1024;
const stopWithinMs = 2_000;

export type Readiness =
  | { readonly by: 'http'; readonly port: number; readonly path: string }
  | {
      readonly by: 'tcp';
      readonly port: number;
      readonly talk?: { readonly ask: string; readonly expected: string };
    }
  /** Null: it serves; else what is wrong. */
  | {
      readonly by: 'asking';
      readonly port: number;
      readonly trouble: (open: Open, signal: AbortSignal) => Promise<string | null>;
    }
  /** A line of its output since it was started. */
  | { readonly by: 'log'; readonly line: string };

export interface Program extends AnyProgram {
  readonly plan: SandboxPlan;
  /** `The sample API`, for messages. */
  readonly title: string;
  readonly ready: Readiness;
  /** Its container; asked for only when there is none. */
  container(): Promise<ContainerSpec>;
  /** Gives it what it waits for before it serves; called whenever it was started. */
  fill?(found: FoundContainer): Promise<void>;
}

/** @param openGateway makes network and gateway of a sandbox where they are not there. */
export function createPrograms(
  containers: Containers,
  gateways: Gateways,
  openGateway: (plan: SandboxPlan, signal: AbortSignal) => Promise<void>,
): RunPrograms<Program> {
  /** Of looks that nobody gives up: the engine's own deadline holds, and says what it is. */
  const nobodys = new AbortController().signal;
  /** Containers that have printed their line in this run: a program that goes on printing loses it from its log. */
  const announced = new Set<string>();
  /** Containers that we ended, and what they did not do until then. */
  const givenUp = new Map<string, string>();

  function beginAnew(id: string): void {
    announced.delete(id);
    givenUp.delete(id);
  }

  /** Null when it serves, else what is wrong, as `does not answer`. */
  async function trouble({ ref, ready }: Program, id: string, signal: AbortSignal): Promise<string | null> {
    if (ready.by === 'log') {
      // What it has said does not tell that it still runs.
      const ended = await containers.ending(id, signal);
      if (ended !== null || announced.has(id)) return ended;
      const said = await containers.logs(id, readyWithinBytes, signal, 'this run');
      if (!said.includes(ready.line)) return `has not printed "${ready.line}"`;
      announced.add(id);
      return null;
    }
    const within = AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]);
    const open: Open = async (until) =>
      (await gateways.open(ref.sandboxId, until)).dial(ref.component, ready.port, until);
    if (ready.by === 'asking') return ready.trouble(open, within);
    return ready.by === 'http' ? httpTrouble(open, ready.path, within) : tcpTrouble(open, within, ready.talk);
  }

  /** Null when it serves, else why it does not; it does not run any more then. */
  async function awaitReady(program: Program, signal: AbortSignal): Promise<string | null> {
    const deadline = performance.now() + program.startWithinMs;
    for (;;) {
      const [mine] = await findContainers(containers, program.ref, signal);
      if (mine === undefined) return 'It was removed.';
      if (mine.state !== 'running') return endedBecause(mine, signal);
      const wrong = await trouble(program, mine.id, signal);
      if (wrong === null) return null;
      if ((await containers.ending(mine.id, signal)) !== null) return endedBecause(mine, signal);
      signal.throwIfAborted();
      if (performance.now() > deadline) {
        await containers.stop(mine.id, stopWithinMs, signal);
        givenUp.set(mine.id, `was ended: after ${program.startWithinMs / 1_000} s it still ${wrong}`);
        return endedBecause(mine, signal);
      }
      await delay(pollEveryMs, undefined, { signal });
    }
  }

  async function endedBecause({ id }: FoundContainer, signal: AbortSignal): Promise<string> {
    const reason = givenUp.get(id) ?? (await containers.ending(id, signal));
    return `It ${reason ?? 'is not running'}.`;
  }

  /** Null when it serves at its generation, or nothing is to be done; else why it does not. */
  async function bringUp(
    program: Program,
    signal: AbortSignal,
    beforeStart: () => Promise<void>,
  ): Promise<string | null> {
    await openGateway(program.plan, signal);
    const found = await findContainers(containers, program.ref, signal);
    // A stale caller with an older plan changes nothing.
    if ((found[0]?.generation ?? 0) > program.ref.generation) return null;
    const mine = found.find(({ generation }) => generation === program.ref.generation);
    for (const older of found) if (older !== mine) await containers.remove(older.id, signal);
    if (mine?.state === 'paused') await containers.kill(mine.id, 'CONT', signal);
    const runs = mine?.state === 'running' || mine?.state === 'paused';
    if (runs && !mine.attached) await containers.ensure(await program.container(), signal);
    if (mine !== undefined && runs && (await trouble(program, mine.id, signal)) === null) return null;
    signal.throwIfAborted();
    await beforeStart();
    if (mine !== undefined) beginAnew(mine.id);
    try {
      let begun = mine;
      if (mine !== undefined && runs) await containers.restart(mine.id, signal);
      else begun = await containers.ensure(await program.container(), signal);
      if (begun !== undefined) await program.fill?.(begun);
    } catch (thrown) {
      if (thrown instanceof LabError && thrown.code === 'start_failed') return thrown.message;
      throw thrown;
    }
    return awaitReady(program, signal);
  }

  async function output(ref: ResourceRef): Promise<string> {
    const [newest] = await findContainers(containers, ref, nobodys);
    return newest === undefined ? '' : containers.logs(newest.id, outputBytes, nobodys, 'this run');
  }

  return {
    output,
    async ensure(program, signal) {
      const wrong = await bringUp(program, signal, async () => {});
      if (wrong === null) return;
      const message = `${program.title} did not start. ${wrong}\n${await output(program.ref)}`.trim();
      throw new LabError('start_failed', message);
    },
    async attempt(program, signal, beforeStart) {
      await bringUp(program, signal, beforeStart);
    },
    async observe(program) {
      const [newest] = await findContainers(containers, program.ref, nobodys);
      if (newest === undefined) return { state: 'absent', generation: 0, detail: null };
      const { generation, state } = newest;
      const broken = (what: string) =>
        ({ state: 'broken', generation, detail: `${program.title} ${what}` }) as const;
      if (state === 'paused') return broken('is held still.');
      if (state === 'running' && !newest.attached) return broken('has lost its network.');
      const wrong = state === 'running' ? await trouble(program, newest.id, nobodys) : null;
      if (state === 'running' && wrong === null) return { state: 'running', generation, detail: null };
      // A container that runs may have nothing in it any more.
      const reason = givenUp.get(newest.id) ?? (await containers.ending(newest.id, nobodys));
      if (state === 'running' && reason === null) return broken(`${wrong}.`);
      announced.delete(newest.id);
      // Somebody is just making it, or was when they ended.
      if (state === 'created' && reason === null) return { state: 'absent', generation: 0, detail: null };
      return broken(`${reason ?? 'is not running'}.`);
    },
    async kill(ref, how, signal) {
      const [newest] = await findContainers(containers, ref, signal);
      if (newest !== undefined) await containers.kill(newest.id, how, signal);
    },
    async stop(ref, signal) {
      const [newest] = await findContainers(containers, ref, signal);
      if (newest !== undefined) await containers.stop(newest.id, stopWithinMs, signal);
    },
  };
}
