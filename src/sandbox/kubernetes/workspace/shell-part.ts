/**
 * Workspaces: a pod in which programs are run as the trainee would, and beside them, out of reach, the agent that looks
 * after the files. The trainee's container is entered only once its files are whole.
 */
import type { ComponentObservation } from '../../../lab/lab.ts';
import type { Namespaces } from '../../../lab/namespaces.ts';
import type { SandboxPlan } from '../../../lab/ports.ts';
import type { ShellComponent } from '../../../templates/types.ts';
import { findContainers } from '../../containers/find-containers.ts';
import { limitsOf } from '../../containers/limits.ts';
import { type ContainerImages, labUser, workspacePath, workspaceVolumePath } from '../../containers/types.ts';
import { createToolCheck, filledFrom } from '../../containers/workspaces.ts';
import type { WorkspaceContents } from '../../files/workspace-contents.ts';
import type { Part, Piece } from '../../part.ts';
import type { PodContainers } from '../pods/pod-containers.ts';
import type { PodSpec } from '../pods/pod-spec.ts';
import { agentBeside, workspaceData } from './agent-beside.ts';
import type { PodGateways } from './gateways.ts';
import { createKubeconfigs, kubeconfigFolder } from './kubeconfigs.ts';

const stopWithinMs = 1_000;
/** How long a look may take; it has no caller's signal. */
const lookWithinMs = 10_000;

export interface ShellNeeds {
  readonly containers: PodContainers;
  readonly gateways: PodGateways;
  /** The namespace of a sandbox. */
  readonly openGateway: (plan: SandboxPlan, signal: AbortSignal) => Promise<void>;
  readonly contents: WorkspaceContents;
  readonly kubeconfig: Namespaces['kubeconfig'];
  readonly images: Pick<ContainerImages, 'labwright' | 'workspace'>;
}

export function createShellPart(needs: ShellNeeds): Required<Part<ShellComponent>> {
  const { containers, gateways, openGateway, contents, images } = needs;
  const kubeconfigs = createKubeconfigs(needs);
  const checkTools = createToolCheck(containers, images);

  function specOf({ ref, spec }: Piece<ShellComponent>): PodSpec {
    const { component } = ref;
    const limits = limitsOf(spec);
    return {
      ref,
      role: 'component',
      image: images.workspace,
      idles: true,
      unfilled: true,
      env: { HOME: workspacePath(ref), LANG: 'C.UTF-8' },
      workingDir: '/',
      user: labUser,
      aliases: [component],
      network: true,
      mounts: [],
      writableRoot: false,
      tmpfs: (spec.kubeconfig ?? []).length === 0 ? {} : { [kubeconfigFolder]: 1 },
      limits,
      data: workspaceData(workspaceVolumePath(component), limits.diskMb),
      ...agentBeside(component, images.labwright),
    };
  }

  async function fill(piece: Piece<ShellComponent>, signal: AbortSignal): Promise<void> {
    const { ref } = piece;
    const { files } = await gateways.open(ref.sandboxId, signal);
    const whole = await files.generation(ref.component, signal);
    if (whole === ref.generation) return;
    await files.fill(ref, filledFrom(piece, contents), signal);
  }

  return {
    async ensure(piece, signal) {
      const { ref, plan, spec } = piece;
      await openGateway(plan, signal);
      const found = await findContainers(containers, ref, signal);
      // A stale caller with an older plan changes nothing.
      if ((found[0]?.generation ?? 0) > ref.generation) return;
      for (const { id, generation } of found) {
        if (generation < ref.generation) await containers.remove(id, signal);
      }
      const isThere = found[0]?.generation === ref.generation && found[0].state === 'running';
      if (!isThere) gateways.leave(ref.sandboxId, ref.component);
      const pod = await containers.ensure(specOf(piece), signal);
      await fill(piece, signal);
      await kubeconfigs.ensure(piece, pod, signal);
      await containers.open(pod.id, signal);
      if (!isThere) await checkTools(pod.id, spec.tools, signal);
    },
    async observe(piece): Promise<ComponentObservation> {
      const { ref } = piece;
      const signal = AbortSignal.timeout(lookWithinMs);
      const [newest] = await findContainers(containers, ref, signal);
      if (newest === undefined || newest.state === 'created')
        return { state: 'absent', generation: 0, detail: null };
      const { generation, state } = newest;
      const broken = (detail: string) => ({ state: 'broken' as const, generation, detail });
      if (state !== 'running') {
        return broken(`The workspace ${(await containers.ending(newest.id, signal)) ?? 'is not running'}.`);
      }
      const { files } = await gateways.open(ref.sandboxId, signal);
      const whole = await files.generation(ref.component, signal);
      if (whole !== generation) return broken('The files of the workspace are not there.');
      // Once it is too late for the old one, its owner sees that.
      if (generation === ref.generation) await kubeconfigs.ensure(piece, newest, signal).catch(() => {});
      return { state: 'running', generation, detail: null };
    },
    access: ({ ref }) => ({ kind: 'shell', path: workspacePath(ref) }),
    address: () => null,
    async kill({ ref }, how, signal) {
      const [newest] = await findContainers(containers, ref, signal);
      // What idles stays: it is the trainee's programs that are meant.
      if (newest?.state === 'running') await containers.kill(newest.id, how, signal);
    },
    async stop({ ref }, signal) {
      const all = await findContainers(containers, ref, signal);
      for (const { id } of all) await containers.stop(id, stopWithinMs, signal);
    },
    lacks: () => [],
  };
}
