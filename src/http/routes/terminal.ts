/** A shell in a lab's workspace, over a WebSocket. */
import { z } from 'zod';
import { LabError } from '../../lab/errors.ts';
import { largestSide, protocolOf } from '../../terminal/protocol.ts';
import type { Api } from '../api.ts';
import type { LabSockets } from '../lab-sockets.ts';
import { upgraded, wayParams, wayQuery } from './way-code.ts';

const side = (what: string, usual: number) =>
  z.coerce.number().int().min(1).max(largestSide).default(usual).describe(what);

/** Takes codes as well as tokens: not below the hook that asks for a token. */
export function terminalRoute(api: Api, sockets: LabSockets): void {
  api.route({
    method: 'GET',
    url: '/labs/:id/terminal/:component',
    exposeHeadRoute: false,
    config: { audit: 'terminal.open' },
    schema: {
      tags: ['labs'],
      summary: 'A terminal in a workspace (WebSocket)',
      description:
        `A shell as the trainee, over the subprotocol \`${protocolOf.terminal}\`. Binary frames of at most 64 KiB are ` +
        'what is typed and what is shown; the text frame `{"resize":{"cols":120,"rows":40}}` tells of another size. It ' +
        'is closed with 4000 `exit <code>` when the shell has ended, 4001 when the lab has, 4002 when it was reset, ' +
        'rewound or paused, 4003 when nothing passed for half an hour, 4004 when the token is no longer valid, 1001 ' +
        'when the server stops. The shell ends with the connection.',
      params: wayParams,
      querystring: wayQuery.extend({ cols: side('Columns', 80), rows: side('Rows', 24) }),
      response: upgraded,
    },
    onRequest: (request) => sockets.authenticate(request, 'terminal'),
    preHandler: (request) =>
      sockets.prepare(request, 'terminal', async (way, signal) => {
        const { cols, rows } = request.query;
        const { stream, resize, ended } = await way.terminal({ cols, rows }, signal);
        return { kind: 'terminal', stream, ended, resize: (size) => resize(size) };
      }),
    wsHandler: sockets.serve,
    handler: async () => {
      throw new LabError('bad_request', 'A terminal is opened as a WebSocket: send "Upgrade: websocket".');
    },
  });
}
