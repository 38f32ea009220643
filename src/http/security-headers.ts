/** Headers that every answer carries. No CORS header is ever sent: browsers keep other origins out. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { pathOf } from './path.ts';

/** An `onRequest` hook; routes that serve pages set their own content policy over it. */
export async function secureHeaders(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.headers({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  });
  // Connection strings and tokens are in these answers: no cache may keep them.
  if (pathOf(request.url).startsWith('/api/')) reply.header('cache-control', 'no-store');
}
