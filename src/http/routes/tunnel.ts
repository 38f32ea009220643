/** A connection to a component of a lab, through this server, over a WebSocket. */
import { LabError } from '../../lab/errors.ts';
import { protocolOf } from '../../terminal/protocol.ts';
import type { Api } from '../api.ts';
import type { LabSockets } from '../lab-sockets.ts';
import { tunnelQuery, upgraded, wayParams } from './way-code.ts';

/** Takes codes as well as tokens: not below the hook that asks for a token. */
export function tunnelRoute(api: Api, sockets: LabSockets): void {
  api.route({
    method: 'GET',
    url: '/labs/:id/tunnel/:component',
    exposeHeadRoute: false,
    config: { audit: 'tunnel.open' },
    schema: {
      tags: ['labs'],
      summary: "A connection to a component's port (WebSocket)",
      description:
        `To the port that its trainee uses, and to no other, or to a Service of a namespace, over the subprotocol \`${protocolOf.tunnel}\`: one ` +
        'WebSocket a connection. Binary frames of at most 64 KiB are its bytes; the text frame `{"end":true}` tells that ' +
        'its sender will send no more. It is closed with 1000 when either side has closed the connection, else as a ' +
        'terminal is.',
      params: wayParams,
      querystring: tunnelQuery,
      response: upgraded,
    },
    onRequest: (request) => sockets.authenticate(request, 'tunnel'),
    preHandler: (request) =>
      sockets.prepare(request, 'tunnel', async (way, signal) => ({
        kind: 'tunnel',
        stream: await way.dial(signal),
      })),
    wsHandler: sockets.serve,
    handler: async () => {
      throw new LabError('bad_request', 'A tunnel is opened as a WebSocket: send "Upgrade: websocket".');
    },
  });
}
