import type { FastifyError, FastifyInstance } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { isDatabaseAway } from './database-errors.ts';
import { ApiError, conflict, invalid } from './errors.ts';

/** The one place where errors become answers: application/problem+json (RFC 9457). */
export function useExceptionHandler(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = asApiError(error);
    if (known.status >= 500) request.log.error({ err: error }, 'request failed');
    if (known.status === 503) reply.header('retry-after', '1');
    if (known.status === 401) reply.header('www-authenticate', 'Bearer');
    return reply
      .code(known.status)
      .type('application/problem+json')
      .send(JSON.stringify(problem(known, request.url)));
  });
  app.setNotFoundHandler((request, reply) => {
    const missing = new ApiError(
      404,
      'Not found',
      `There is no ${request.method} ${request.url.split('?')[0]}. See /docs.`,
    );
    return reply
      .code(404)
      .type('application/problem+json')
      .send(JSON.stringify(problem(missing, request.url)));
  });
}

function problem(error: ApiError, url: string) {
  const { status, title, message: detail, errors } = error;
  return {
    type: 'about:blank',
    title,
    status,
    detail,
    instance: url.split('?')[0],
    ...(errors && { errors }),
  };
}

function asApiError(error: FastifyError & { detail?: string; constraint?: string }): ApiError {
  if (error instanceof ApiError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map((issue) => ({
      field: issue.instancePath.split('/').filter(Boolean).join('.') || (error.validationContext ?? 'body'),
      message: issue.message ?? 'is not valid',
    }));
    return new ApiError(
      422,
      'Invalid request',
      errors.map((e) => `${e.field}: ${e.message}`).join('; '),
      errors,
    );
  }
  if (isDatabaseAway(error))
    return new ApiError(503, 'Database away', 'The database does not answer. Try again in a moment.');
  if (error.code === '23505')
    return conflict(`Already taken: ${error.detail ?? error.constraint ?? 'a value must be unique'}`);
  if (error.code === '23503')
    return conflict(`Still or not yet referred to: ${error.detail ?? error.constraint ?? ''}`);
  if (error.code === '23514') return invalid(error.constraint ?? 'row', 'these values do not go together');
  if (error.code === '40P01' || error.code === '40001')
    return conflict('Somebody changed the same rows at the same time. Try again.');
  if (error.code === '22003') return invalid('number', 'too large');
  if (error.code === '22021' || error.code === '22P05')
    return invalid('text', 'contains a character that cannot be stored');
  const status = error.statusCode;
  if (status !== undefined && status >= 400 && status < 500)
    return new ApiError(status, 'Bad request', error.message);
  return new ApiError(500, 'Internal error', 'Something went wrong on our side; it is in the log.');
}
