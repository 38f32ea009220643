/** Ann's lab, and Eve, who wants into it; and servers that somebody wrote without the one guard. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { WayKind } from '../../../src/terminal/protocol.ts';
import {
  type Asked,
  type Connected,
  connectTo,
  Refused,
  startWays,
  type WaysWorld,
} from '../../terminal/world.ts';
import { type Outcome, outcome, type Worlds } from '../attack.ts';

export interface WayWorld {
  readonly ways: WaysWorld;
  readonly ann: string;
  readonly eve: string;
  /** As Ann unless `asked` says otherwise, in her lab. */
  open(kind: WayKind, component: string, asked?: Asked): Promise<Connected>;
  codeFor(kind: WayKind, component: string): Promise<string>;
}

export const wayWorlds: Worlds<WayWorld> = {
  async start() {
    const ways = await startWays();
    const [ann, eve] = await Promise.all([ways.token('ann'), ways.token('eve')]);
    return {
      ways,
      ann,
      eve,
      open: (kind, component, asked = {}) =>
        connectTo(ways.world.url, kind, ways.lab, component, { token: ann, ...asked }),
      async codeFor(kind, component) {
        const path = `/labs/${ways.lab}/${kind}/${component}`;
        return (await ways.ann.call<{ code: string }>('POST', path)).code;
      },
    };
  },
  stop: ({ ways }) => ways.stop(),
};

/** Succeeds when any of these is opened, or refused by an accident of ours. */
export async function anyOpens(tries: readonly (() => Promise<Connected>)[]): Promise<Outcome> {
  const seen: string[] = [];
  let succeeded = false;
  for (const one of tries) {
    try {
      const { socket } = await one();
      socket.terminate();
      succeeded = true;
      seen.push('opened');
    } catch (thrown) {
      if (!(thrown instanceof Refused) || thrown.status >= 500) succeeded = true;
      seen.push(String(thrown));
    }
  }
  return outcome(succeeded, seen);
}

/** For as long as `work` takes. */
export async function withSockets<T>(
  options: ServerOptions,
  serve: (socket: WebSocket, request: IncomingMessage) => void,
  work: (url: string) => Promise<T>,
): Promise<T> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options });
  server.on('connection', serve);
  await once(server, 'listening');
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    for (const client of server.clients) client.terminate();
    server.close();
  }
}
