/** An agent and our end of it in one process, over a pair of streams. */
import { type Duplex, duplexPair } from 'node:stream';
import { type AgentParts, serveAgent } from '../../src/gateway/agent.ts';
import type { Reach } from '../../src/gateway/reach.ts';
import { type AgentSession, createAgentSession } from '../../src/sandbox/containers/agent-session.ts';

export interface Linked {
  readonly session: AgentSession;
  /** How often an agent was started. */
  started(): number;
  /** Cuts the newest transport, as an agent that was killed does. */
  cut(): void;
  /** Resolves when the newest agent has ended. */
  ended(): Promise<void>;
}

/** Loopback stands for the lab's network. */
const loopback: Reach = async (host) =>
  host === 'unknown' ? { refusal: 'no_such_name' } : { address: '127.0.0.1' };

export function linked(parts: Partial<AgentParts> = {}, idleMs = 60_000): Linked {
  const agents: { transport: Duplex; ended: Promise<void> }[] = [];
  const session = createAgentSession(async () => {
    const [ours, theirs] = duplexPair();
    const ended = serveAgent(theirs, {
      reach: loopback,
      serve: async (channel) => channel.reset({ code: 'bad_request', message: 'no files' }),
      ...parts,
    });
    agents.push({ transport: theirs, ended });
    return ours;
  }, idleMs);
  return {
    session,
    started: () => agents.length,
    cut: () => void agents.at(-1)?.transport.destroy(),
    ended: () => agents.at(-1)?.ended ?? Promise.resolve(),
  };
}
