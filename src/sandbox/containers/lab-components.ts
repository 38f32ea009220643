/** What a driver does with the components of a lab that is made of containers, whoever runs these. */
import { posix } from 'node:path';
import { LabError } from '../../lab/errors.ts';
import type { ComponentObservation } from '../../lab/lab.ts';
import type { ComponentAccess, SandboxDriver, SandboxPlan, Terminal } from '../../lab/ports.ts';
import type { ShellComponent } from '../../templates/types.ts';
import type { Environments } from '../environment.ts';
import type { InFlight } from '../in-flight.ts';
import { type Part, type Parts, pieceOf, pieceOfKind } from '../part.ts';
import { findContainers } from './find-containers.ts';
import type { DatabasePart } from './postgres/postgres-part.ts';
import { type Containers, type GatewayPlan, type Gateways, workspacePath } from './types.ts';

export interface LabComponentsNeeds {
  readonly parts: Parts & { readonly postgres: Pick<DatabasePart, 'resetStatistics'> };
  readonly containers: Containers;
  readonly gateways: Gateways;
  readonly environments: Environments;
  readonly inFlight: InFlight;
  /** After files were changed through us: returns when the programs that run from them were started again. */
  readonly filesChanged: (sandboxId: string) => Promise<void>;
  /** Whether this means that somebody removed what a lab is looked at through. */
  readonly isGatewayGone: (thrown: unknown) => thrown is LabError;
  /** After a component was stopped: ends what only serves components, when none of them runs any more. */
  readonly rest: (sandboxId: string, signal: AbortSignal) => Promise<void>;
  /** More variables of a trainee's programs in this workspace; absent: none. */
  readonly shellEnv?: (spec: ShellComponent) => Readonly<Record<string, string>>;
  /** Does `work` when the sandbox may be brought up. Absent: all may at once. */
  readonly whenItsTurn?: (plan: SandboxPlan, work: () => Promise<void>, signal: AbortSignal) => Promise<void>;
}

export interface LabComponents
  extends Pick<
    SandboxDriver,
    | 'ensure'
    | 'observe'
    | 'access'
    | 'dial'
    | 'kill'
    | 'resetStatistics'
    | 'exec'
    | 'terminal'
    | 'stop'
    | 'readFiles'
    | 'writeFile'
    | 'readLog'
  > {
  /** What of the components of a template cannot be had here. */
  lacks(version: Parameters<SandboxDriver['lacks']>[0]): readonly string[];
  /** Ends all terminals. */
  close(): Promise<void>;
}

/** Where programs of trainees are looked for, in the image of workspaces. */
const searchPath = '/usr/local/bin:/usr/bin:/bin';

export function createLabComponents(needs: LabComponentsNeeds): LabComponents {
  const { parts, containers, gateways, environments, inFlight, filesChanged } = needs;
  const terminals = new Set<Terminal>();

  function partOf(plan: SandboxPlan, component: string) {
    const piece = pieceOf(plan, component);
    const part: Part = parts[piece.spec.kind];
    return { piece, part };
  }

  function access(plan: SandboxPlan, component: string): ComponentAccess {
    const { piece, part } = partOf(plan, component);
    return part.access(piece);
  }

  async function observeOne(plan: SandboxPlan, name: string): Promise<ComponentObservation> {
    const { piece, part } = partOf(plan, name);
    try {
      return await part.observe(piece);
    } catch (thrown) {
      if (!needs.isGatewayGone(thrown)) throw thrown;
      return { state: 'broken', generation: piece.ref.generation, detail: thrown.message };
    }
  }

  /** The newest container of a component, whatever its state. */
  async function containerOf(plan: SandboxPlan, component: string, signal: AbortSignal) {
    const [newest] = await findContainers(containers, pieceOf(plan, component).ref, signal);
    return newest ?? null;
  }

  /** Where and how the trainee's own programs run. Throws LabError `bad_request`, `backend_unavailable`. */
  async function trainees(plan: SandboxPlan, component: string, terminal: string, signal: AbortSignal) {
    const piece = pieceOfKind(plan, component, 'shell', 'terminal and no programs of trainees');
    const { ref } = piece;
    const found = await containerOf(plan, component, signal);
    if (found === null || found.generation !== ref.generation || found.state !== 'running') {
      throw new LabError('backend_unavailable', `Component "${component}" does not run.`);
    }
    const home = workspacePath(ref);
    const others = Object.keys(plan.components).filter((name) => name !== component);
    const more = needs.shellEnv?.(piece.spec) ?? {};
    const base = { HOME: home, PATH: searchPath, LANG: 'C.UTF-8', TERM: terminal, ...more };
    return { id: found.id, ref, home, env: { ...environments.facts(plan, others), ...base } };
  }

  async function filesOf(plan: SandboxPlan, component: string, signal: AbortSignal) {
    const { ref } = pieceOfKind(plan, component, 'shell', 'files');
    const { files } = await gateways.open(plan.sandboxId, signal);
    return { files, ref };
  }

  return {
    lacks: ({ template }) =>
      Object.entries(template.components).flatMap(([name, spec]) => {
        const part: Part = parts[spec.kind];
        return part.lacks(name, spec);
      }),
    async ensure(plan, component, signal) {
      const { piece, part } = partOf(plan, component);
      // Without parameters less is made.
      const key = `${piece.ref.generation}/${plan.params === null}`;
      const { whenItsTurn = (_, begin) => begin() } = needs;
      const work = () => whenItsTurn(plan, () => part.ensure(piece, signal), signal);
      await inFlight.ensure(plan.sandboxId, component, key, work, signal);
    },
    async observe(plan) {
      const seen = await Promise.all(
        Object.keys(plan.components).map(async (name) => {
          return [name, await observeOne(plan, name)] as const;
        }),
      );
      return { components: Object.fromEntries(seen.filter(([, { state }]) => state !== 'absent')) };
    },
    access,
    async dial(plan, component, signal, port = 'main') {
      const { piece, part } = partOf(plan, component);
      const address = part.address(piece, port);
      if (address !== null) {
        const gateway = await gateways.open(plan.sandboxId, signal);
        return gateway.dial(address.host, address.port, signal);
      }
      const which = port === 'main' ? 'no port' : 'no port of ours';
      throw new LabError('bad_request', `Component "${component}" listens on ${which}.`);
    },
    async kill(plan, component, how, signal) {
      const { piece, part } = partOf(plan, component);
      await part.kill(piece, how, signal);
    },
    async resetStatistics(plan, component, signal) {
      await parts.postgres.resetStatistics(
        pieceOfKind(plan, component, 'postgres', 'statement statistics'),
        signal,
      );
    },
    async exec(plan, component, argv, limits, signal) {
      const { id, ref, home, env } = await trainees(plan, component, 'dumb', signal);
      if (limits.cwd !== undefined) {
        const { files } = await filesOf(plan, component, signal);
        if (!(await files.isFolder(ref, limits.cwd, signal))) {
          const stderr = `${limits.cwd}: no such folder\n`;
          const failure = { stdout: '', stderr, timedOut: false, truncated: false, durationMs: 0 };
          return { exitCode: 127, signal: null, ...failure };
        }
      }
      const cwd = posix.join(home, limits.cwd ?? '.');
      const result = await containers.exec(id, { argv, env, cwd }, limits, signal);
      await filesChanged(plan.sandboxId);
      return result;
    },
    async terminal(plan, component, size, signal) {
      const { id, home, env } = await trainees(plan, component, 'xterm-256color', signal);
      const terminal = await containers.terminal(id, { argv: ['bash'], env, cwd: home }, size, signal);
      terminals.add(terminal);
      void terminal.ended.then(() => terminals.delete(terminal));
      return terminal;
    },
    async stop(plan, component, signal) {
      const { piece, part } = partOf(plan, component);
      const work = async () => {
        await part.stop?.(piece, signal);
        await needs.rest(plan.sandboxId, signal);
      };
      // After what is being started of it.
      await inFlight.ensure(plan.sandboxId, component, `stop/${piece.ref.generation}`, work, signal);
    },
    async readFiles(plan, component, query, signal) {
      const { files, ref } = await filesOf(plan, component, signal);
      return files.find(ref, query, signal);
    },
    async writeFile(plan, component, path, content, signal) {
      const { files, ref } = await filesOf(plan, component, signal);
      await files.write(ref, path, content, signal);
      await filesChanged(plan.sandboxId);
    },
    async readLog(plan, component, maxBytes, signal) {
      const found = await containerOf(plan, component, signal);
      return found === null ? '' : containers.logs(found.id, maxBytes, signal);
    },
    async close() {
      // Else their shells would run on.
      for (const { stream } of terminals) stream.destroy();
      await Promise.all([...terminals].map(({ ended }) => ended));
    },
  };
}

export function gatewayPlan({ sandboxId, components, origin }: SandboxPlan): GatewayPlan {
  const shells = Object.values(components).filter(({ spec }) => spec.kind === 'shell');
  return { sandboxId, workspaces: shells.map(({ name }) => name), originId: origin?.sandboxId ?? null };
}
