/** WebSockets at all: how large what is said over them may be, and how they end with the server. */
import websocket from '@fastify/websocket';
import { mostFrameBytes, protocolOf } from '../terminal/protocol.ts';
import type { Api } from './api.ts';
import type { LabSockets } from './lab-sockets.ts';

const known = new Set(Object.values(protocolOf));

/** Call before routes are added. */
export async function acceptWebSockets(api: Api, sockets: Pick<LabSockets, 'close'>): Promise<void> {
  await api.register(websocket, {
    options: {
      maxPayload: mostFrameBytes,
      // Nobody sends a message in so many pieces, each of which costs memory however small it is.
      maxFragments: 128,
      maxBufferedChunks: 1_024,
      perMessageDeflate: false,
      // See `relay`: who asks without end and does not read gets no answer.
      autoPong: false,
      handleProtocols: (offered) => [...offered].find((one) => known.has(one)) ?? false,
    },
    preClose(done) {
      sockets.close();
      // What is under way is refused from now on.
      this.websocketServer.close();
      done();
    },
    // What is open closes itself; its end is told by its closing code.
    errorHandler: (_error, socket) => socket.terminate(),
  });
}
