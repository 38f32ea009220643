/** The gateway of each lab: a container of ours that idles in its network, and an agent in it while that is used. */
import { gatewayFolders } from '../../gateway/protocol.ts';
import { LabError } from '../../lab/errors.ts';
import { type AgentSession, createAgentSession } from '../containers/agent-session.ts';
import { createGatewayFiles } from '../containers/gateway-files.ts';
import { gatewayLimits } from '../containers/limits.ts';
import {
  type ContainerSpec,
  type Containers,
  type FoundContainer,
  type Gateway,
  type GatewayPlan,
  type Gateways,
  labUser,
} from '../containers/types.ts';
import type { ResourceRef } from '../naming.ts';
import type { Volumes } from './volumes.ts';

/** No component can have this name. */
const gatewayName = 'gateway_';
/** The volume of what agents note, beside those of workspaces. */
const notesName = 'notes_';
/** Its memory is shared by the agents of several Labwrights; what they carry is not in the heap. */
const agent = ['node', '--max-old-space-size=64', '--max-semi-space-size=2', '/app/src/gateway/main.ts'];

const goneExtra = { reason: 'no_gateway' };

/** Somebody removed it: what is looked at through it does not serve, and is made good by making it again. */
export const isGatewayGone = (thrown: unknown): thrown is LabError =>
  thrown instanceof LabError && thrown.extra.reason === goneExtra.reason;

export interface GatewaysOptions {
  readonly containers: Containers;
  readonly volumes: Volumes;
  /** Labwright's own. */
  readonly image: string;
}

export function createGateways({ containers, volumes, image }: GatewaysOptions): Gateways {
  const making = new Map<string, Promise<void>>();
  const open = new Map<string, { readonly session: AgentSession; readonly gateway: Gateway }>();

  async function find(sandboxId: string, signal: AbortSignal): Promise<FoundContainer | null> {
    const all = await containers.find(sandboxId, signal);
    return all.find(({ role }) => role === 'gateway') ?? null;
  }

  async function make(plan: GatewayPlan, signal: AbortSignal): Promise<void> {
    const found = await find(plan.sandboxId, signal);
    if (found?.state === 'running' && found.attached) return;
    const names = plan.workspaces.length === 0 ? [] : [...plan.workspaces, notesName];
    await volumes.ensure(plan.sandboxId, names, signal);
    await containers.ensure(gatewaySpec(plan, image, volumes), signal);
  }

  /** The container that an agent is started in; one that has ended from outside is started again. */
  async function running(sandboxId: string, signal: AbortSignal): Promise<string> {
    const found = await find(sandboxId, signal);
    if (found === null) {
      throw new LabError('backend_unavailable', "The lab's gateway is not there.", { extra: goneExtra });
    }
    if (found.state === 'paused') await containers.kill(found.id, 'CONT', signal);
    else if (found.state !== 'running') await containers.restart(found.id, signal);
    return found.id;
  }

  return {
    async ensure(plan, signal) {
      const { sandboxId } = plan;
      const underway = making.get(sandboxId);
      // Components come at once. Whoever made it may have given up, which is no reason for others to.
      if (
        underway !== undefined &&
        (await underway.then(
          () => true,
          () => false,
        ))
      )
        return;
      const mine = make(plan, signal).finally(() => {
        if (making.get(sandboxId) === mine) making.delete(sandboxId);
      });
      making.set(sandboxId, mine);
      await mine;
    },
    async open(sandboxId, signal) {
      let known = open.get(sandboxId);
      if (known === undefined) {
        const session = createAgentSession(async (starting) =>
          containers.pipe(await running(sandboxId, starting), agent, starting),
        );
        known = { session, gateway: { dial: session.dial, files: createGatewayFiles(session) } };
        open.set(sandboxId, known);
      }
      await known.session.open(signal);
      return known.gateway;
    },
    forget(sandboxId) {
      open.get(sandboxId)?.session.close();
      open.delete(sandboxId);
    },
    close() {
      for (const { session } of open.values()) session.close();
      open.clear();
    },
  };
}

function gatewaySpec(plan: GatewayPlan, image: string, volumes: Volumes): ContainerSpec {
  const { sandboxId, workspaces, originId } = plan;
  const ref: ResourceRef = { sandboxId, component: gatewayName, generation: 1 };
  const own = workspaces.map((component) => ({
    volume: volumes.nameOf(sandboxId, component),
    path: `${gatewayFolders.workspaces}/${component}`,
    readOnly: false,
  }));
  const notes = { volume: volumes.nameOf(sandboxId, notesName), path: gatewayFolders.notes, readOnly: false };
  const origins = (originId === null ? [] : workspaces).map((component) => ({
    volume: volumes.nameOf(originId ?? '', component),
    path: `${gatewayFolders.origins}/${component}`,
    readOnly: true,
  }));
  return {
    ref,
    role: 'gateway',
    image,
    // Nothing of ours runs while nobody asks: agents come and go beside it.
    entrypoint: ['sleep'],
    command: ['infinity'],
    env: { LANG: 'C.UTF-8' },
    workingDir: '/',
    user: labUser,
    aliases: [],
    network: true,
    mounts: own.length === 0 ? [] : [...own, notes, ...origins],
    writableRoot: false,
    tmpfs: {},
    limits: gatewayLimits,
  };
}
