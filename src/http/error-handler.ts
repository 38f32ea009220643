/** The one place where what was thrown becomes an answer, and where it is logged: once, at the edge. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { asLabError, type ErrorCode, LabError } from '../lab/errors.ts';
import { pathOf } from './path.ts';
import { problemType, toProblem } from './problem.ts';

/** Answers with problem details; what is our fault is logged with its cause. */
export function handleError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const error = fromFramework(thrown) ?? asLabError(thrown);
  if (error.status >= 500) {
    const level = error.status === 503 ? 'warn' : 'error';
    request.log[level]({ err: thrown, code: error.code }, 'The request could not be served');
  }
  sendProblem(reply, error, pathOf(request.url));
}

/** The body is text already: no response schema can drop what the problem says. */
export function sendProblem(reply: FastifyReply, error: LabError, instance: string): void {
  const seconds = error.retryAfterSeconds ?? defaultRetryAfter(error.status);
  if (seconds !== null) reply.header('retry-after', String(Math.ceil(seconds)));
  if (error.status === 401) reply.header('www-authenticate', challenge(error));
  reply
    .code(error.status)
    .type(problemType)
    .send(JSON.stringify(toProblem(error, instance)));
}

function defaultRetryAfter(status: number): number | null {
  return status === 429 || status === 503 ? 2 : null;
}

function challenge(error: LabError): string {
  return error.extra.reason === 'missing'
    ? 'Bearer realm="labwright"'
    : 'Bearer realm="labwright", error="invalid_token"';
}

const refusals: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['payload_too_large', 'The body is too large; at most 262144 bytes are taken.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'unsupported_media_type',
    'The body must be JSON: send Content-Type: application/json.',
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['bad_request', 'The body is not as long as Content-Length says.'],
  FST_ERR_BAD_URL: ['bad_request', 'The path is not a valid URL path.'],
  FST_ERR_MAX_PARAM_LENGTH: ['not_found', 'A part of the path is longer than any name here.'],
};

/** The framework's own errors in our codes; null for everything else. */
function fromFramework(thrown: unknown): LabError | null {
  if (!(thrown instanceof Error) || thrown instanceof LabError) return null;
  const { code, statusCode } = thrown as FastifyError;
  const known = refusals[code];
  if (known !== undefined) return new LabError(known[0], known[1]);
  // Anything else that the framework blames on the client, such as a request that was cut off.
  if (code?.startsWith('FST_') && statusCode !== undefined && statusCode < 500) {
    return new LabError('bad_request', thrown.message);
  }
  return null;
}
