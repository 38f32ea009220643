/**
 * Workspaces: a container that idles, in which programs are run as the trainee would, and a volume that outlives it with
 * a folder for each generation. The folder is filled from the gateway while no container of the trainee has the volume.
 */
import { finished } from 'node:stream/promises';
import type { ComponentObservation } from '../../lab/lab.ts';
import type { SandboxPlan } from '../../lab/ports.ts';
import type { ShellComponent } from '../../templates/types.ts';
import { findContainers } from '../containers/find-containers.ts';
import { limitsOf } from '../containers/limits.ts';
import type { ContainerImages } from '../containers/types.ts';
import {
  type ContainerSpec,
  type Containers,
  type Gateways,
  labUser,
  workspacePath,
  workspaceVolumePath,
} from '../containers/types.ts';
import { createToolCheck, filledFrom } from '../containers/workspaces.ts';
import type { WorkspaceContents } from '../files/workspace-contents.ts';
import type { Part, Piece } from '../part.ts';
import type { Volumes } from './volumes.ts';

const stopWithinMs = 1_000;
/** How long a look may take; it has no caller's signal. */
const lookWithinMs = 10_000;

export interface ShellNeeds {
  readonly containers: Containers;
  readonly gateways: Gateways;
  /** Network, volumes and gateway of a sandbox. */
  readonly openGateway: (plan: SandboxPlan, signal: AbortSignal) => Promise<void>;
  readonly volumes: Volumes;
  readonly contents: WorkspaceContents;
  readonly images: Pick<ContainerImages, 'workspace'>;
}

export function createShellPart(needs: ShellNeeds): Required<Part<ShellComponent>> {
  const { containers, gateways, openGateway, volumes, contents, images } = needs;
  const checkTools = createToolCheck(containers, images);

  function specOf({ ref, spec }: Piece<ShellComponent>): ContainerSpec {
    const { component } = ref;
    const volume = volumes.nameOf(ref.sandboxId, component);
    return {
      ref,
      role: 'component',
      image: images.workspace,
      entrypoint: ['sleep'],
      command: ['infinity'],
      env: { HOME: workspacePath(ref), LANG: 'C.UTF-8' },
      // Not the workspace: its trainee could have made it a link, which an engine follows before it lets go of the host.
      workingDir: '/',
      user: labUser,
      aliases: [component],
      network: true,
      mounts: [{ volume, path: workspaceVolumePath(component), readOnly: false }],
      writableRoot: false,
      tmpfs: {},
      limits: limitsOf(spec),
    };
  }

  /** @returns false when a higher generation is there: a stale caller with an older plan changes nothing. */
  async function ensureFiles(piece: Piece<ShellComponent>, signal: AbortSignal): Promise<boolean> {
    const { ref } = piece;
    const { files } = await gateways.open(ref.sandboxId, signal);
    const whole = await files.generation(ref.component, signal);
    if (whole !== null && whole >= ref.generation) return whole === ref.generation;
    for (const { id, generation } of await findContainers(containers, ref, signal)) {
      if (generation <= ref.generation) await containers.remove(id, signal);
    }
    await files.fill(ref, filledFrom(piece, contents), signal);
    return true;
  }

  return {
    async ensure(piece, signal) {
      const { ref, plan, spec } = piece;
      await openGateway(plan, signal);
      if (!(await ensureFiles(piece, signal))) return;
      const found = await findContainers(containers, ref, signal);
      const mine = found.find(({ generation }) => generation === ref.generation);
      for (const { id, generation } of found) {
        if (generation < ref.generation) await containers.remove(id, signal);
      }
      const { id } = await containers.ensure(specOf(piece), signal);
      if (mine === undefined) await checkTools(id, spec.tools, signal);
    },
    async observe({ ref }): Promise<ComponentObservation> {
      const signal = AbortSignal.timeout(lookWithinMs);
      const [newest] = await findContainers(containers, ref, signal);
      if (newest === undefined || newest.state === 'created')
        return { state: 'absent', generation: 0, detail: null };
      const { generation, state } = newest;
      const broken = (detail: string) => ({ state: 'broken' as const, generation, detail });
      if (state === 'paused') return broken('The workspace is held still.');
      if (state !== 'running') return broken('The workspace is not running.');
      if (!newest.attached) return broken('The workspace has lost its network.');
      const { files } = await gateways.open(ref.sandboxId, signal);
      const whole = await files.generation(ref.component, signal);
      if (whole !== generation) return broken('The files of the workspace are not there.');
      return { state: 'running', generation, detail: null };
    },
    access: ({ ref }) => ({ kind: 'shell', path: workspacePath(ref) }),
    address: () => null,
    async kill({ ref }, how, signal) {
      const [newest] = await findContainers(containers, ref, signal);
      if (newest?.state !== 'running') return;
      // What idles would be ended, too, and is started again: the workspace stays.
      if (how === 'KILL' || how === 'TERM') await containers.restart(newest.id, signal);
      else await signalAll(newest.id, how, signal);
    },
    async stop({ ref }, signal) {
      const all = await findContainers(containers, ref, signal);
      for (const { id } of all) await containers.stop(id, stopWithinMs, signal);
    },
    lacks: () => [],
  };

  /** Programs that are run later are not held: they are others. */
  async function signalAll(id: string, how: 'STOP' | 'CONT', signal: AbortSignal): Promise<void> {
    // To all that this user may signal, but for itself and the first process. Nothing of ours may be around it, which
    // would be held, too.
    const stream = await containers.pipe(id, ['/bin/sh', '-c', `kill -${how} -1`], signal);
    stream.resume();
    await finished(stream, { signal, error: false });
  }
}
