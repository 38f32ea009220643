/** One-time codes: how a browser, which can send no token with a WebSocket, opens a terminal or a tunnel. */
import { z } from 'zod';
import { parseServicePort } from '../../lab/service-port.ts';
import { protocolOf, type WayKind } from '../../terminal/protocol.ts';
import { type Api, problems } from '../api.ts';
import { callerOf } from '../auth.ts';
import type { LabSockets } from '../lab-sockets.ts';
import { iso, labParams } from '../schemas.ts';

export const wayParams = labParams.extend({
  component: z.string().min(1).max(64).describe('Its name in the lab'),
});

/** Of every WebSocket into a lab. */
export const wayQuery = z.strictObject({
  code: z.string().max(100).optional().describe('In place of a token: one that this path gave, once'),
  place: z
    .string()
    .max(100)
    .optional()
    .describe(
      'As the code came with: refused (409) when the lab was reset since, rather than opened in another',
    ),
});

/** Of a WebSocket that is a connection. */
export const tunnelQuery = wayQuery.extend({
  service: z
    .string()
    .max(100)
    .optional()
    .describe('Where the component is a namespace: a Service in it and its port, such as `web:80`'),
});

const nothing = z.strictObject({});
const codeBody = {
  terminal: nothing.nullish(),
  tunnel: nothing.extend({ service: tunnelQuery.shape.service }).nullish(),
} as const;

export function codeRoute(api: Api, sockets: LabSockets, kind: WayKind): void {
  api.route({
    method: 'POST',
    url: `/labs/:id/${kind}/:component`,
    config: { audit: { action: `${kind}.code` } },
    schema: {
      tags: ['labs'],
      summary: `A code that opens the ${kind} once`,
      description: `Works within half a minute, as \`?code=\` of the WebSocket at the same path.`,
      params: wayParams,
      body: codeBody[kind],
      response: {
        201: z.object({
          code: z.string(),
          expiresAt: z.iso.datetime(),
          place: z.string().describe('What is reached now; another one after a reset'),
          protocol: z.string().describe('Sec-WebSocket-Protocol to offer'),
        }),
        ...problems,
      },
    },
    handler: async (request, reply) => {
      const { service } = (request.body ?? {}) as { readonly service?: string };
      const port = service === undefined ? null : parseServicePort(service, 'service');
      const { code, expiresAt, place } = await sockets.issue(callerOf(request), kind, request.params, port);
      return reply.status(201).send({ code, expiresAt: iso(expiresAt), place, protocol: protocolOf[kind] });
    },
  });
}

/** What is upgraded to a WebSocket is answered by it. */
export const upgraded = {
  101: z.undefined().describe('Switched to WebSocket'),
  ...problems,
} as const;
