/** The agents beside workspaces: one in each workspace's pod, run over the API's exec while it is used. */
import type { Duplex } from 'node:stream';
import { gatewayFolders } from '../../../gateway/protocol.ts';
import { LabError } from '../../../lab/errors.ts';
import type { Log } from '../../../lab/log.ts';
import { type AgentSession, createAgentSession } from '../../containers/agent-session.ts';
import { label } from '../labels.ts';
import { labelValue } from '../names.ts';
import { foundPod, placeOf, runs } from '../pods/found-pod.ts';
import { tellErrors } from '../pods/pods-exec.ts';
import type { PodCache, PodExec, Spaces } from '../types.ts';

/** Its container in the pod of a workspace. */
export const agentContainer = 'agent';

/** What they carry is not in the heap. */
const argv = ['node', '--max-old-space-size=64', '--max-semi-space-size=2', '/app/src/gateway/main.ts'];

const goneExtra = { reason: 'no_gateway' };

/** Somebody removed it: what is looked at through it does not serve, and is made good by making it again. */
export const isGatewayGone = (thrown: unknown): thrown is LabError =>
  thrown instanceof LabError && thrown.extra.reason === goneExtra.reason;

export const agentGone = (text: string): LabError =>
  new LabError('backend_unavailable', text, { extra: goneExtra });

export interface Agents {
  /** Of a workspace, whatever its generation. */
  of(sandboxId: string, component: string): AgentSession;
  /** Its pod is another from now on. */
  leave(sandboxId: string, component: string): void;
  forget(sandboxId: string): void;
  close(): void;
}

export interface AgentsNeeds {
  readonly cache: PodCache;
  readonly spaces: Spaces;
  readonly exec: PodExec;
  readonly log: Log;
}

export function createAgents({ cache, spaces, exec, log }: AgentsNeeds): Agents {
  const open = new Map<string, Map<string, AgentSession>>();

  async function start(sandboxId: string, component: string, signal: AbortSignal): Promise<Duplex> {
    const pods = await cache.of(spaces.controlOf(sandboxId), signal);
    const [newest] = pods
      .filter((pod) => pod.metadata?.labels?.[label.component] === labelValue(component) && runs(pod))
      .flatMap((pod) => foundPod(pod) ?? [])
      .sort((a, b) => b.generation - a.generation);
    if (newest === undefined) throw agentGone(`The workspace "${component}" does not run.`);
    const at = { ...placeOf(newest.id), container: agentContainer };
    const program = await exec.open(at, argv, { stdin: true }, signal);
    tellErrors(program, newest.id, log);
    return program.stream;
  }

  function end(session: AgentSession | undefined): void {
    session?.close();
  }

  return {
    of(sandboxId, component) {
      const sessions = open.get(sandboxId) ?? new Map<string, AgentSession>();
      open.set(sandboxId, sessions);
      const known = sessions.get(component);
      if (known !== undefined) return known;
      const session = createAgentSession((signal) => start(sandboxId, component, signal));
      sessions.set(component, session);
      return session;
    },
    leave(sandboxId, component) {
      end(open.get(sandboxId)?.get(component));
      open.get(sandboxId)?.delete(component);
    },
    forget(sandboxId) {
      for (const session of open.get(sandboxId)?.values() ?? []) end(session);
      open.delete(sandboxId);
    },
    close() {
      for (const sessions of open.values()) for (const session of sessions.values()) end(session);
      open.clear();
    },
  };
}

/** Where the agent of a workspace has what. */
export const agentFolders = (component: string) => ({
  workspace: `${gatewayFolders.workspaces}/${component}`,
  notes: gatewayFolders.notes,
});
