/** The agent's side. What is behind it may be hostile; who speaks to it is not. */
import type { Channel } from './channel.ts';
import { createLink, type Transport } from './link.ts';
import type { FilesRequest } from './protocol.ts';
import type { Reach } from './reach.ts';
import { relay } from './relay.ts';

export interface AgentParts {
  readonly reach: Reach;
  /** Answers a request; never throws. */
  readonly serve: (channel: Channel, request: FilesRequest) => Promise<void>;
}

/** Serves until the transport ends; all connections that were made for it have ended then. */
export function serveAgent(transport: Transport, { reach, serve }: AgentParts): Promise<void> {
  const link = createLink(transport, (channel, opening) => {
    if (opening.kind === 'dial') void relay(channel, opening.host, opening.port, reach);
    else if (opening.kind === 'files') void serve(channel, opening.request);
    else channel.reset({ code: 'bad_request', message: "The lab's gateway is of another build." });
  });
  return link.ended;
}
