/** The app as routes see it: schemas are zod, request and reply types follow from them. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { problemSchema, problemType } from './problem.ts';

export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What every route may answer besides its own: for the OpenAPI document. */
export const problems = {
  default: {
    description: 'Something is wrong; `code` says what',
    content: { [problemType]: { schema: problemSchema } },
  },
} as const;
