/** Unknown paths: a page for browsers, a problem with the nearest known path for programs, 405 with `Allow`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LabError } from '../lab/errors.ts';
import { sendProblem } from './error-handler.ts';
import { pathOf } from './path.ts';

interface KnownRoute {
  readonly method: string;
  readonly segments: readonly string[];
}

/** Call before routes are added: it notes them as they come. */
export function registerNotFound(
  app: FastifyInstance,
  nearest: (word: string, known: readonly string[]) => string | null,
  page: (reply: FastifyReply, path: string) => void,
): void {
  const routes: KnownRoute[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) routes.push({ method: one, segments: url.split('/') });
  });

  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const path = pathOf(request.url);
    const segments = path.split('/');
    const allow = [...new Set(routes.filter((r) => fits(r.segments, segments)).map((r) => r.method))].sort();
    if (allow.length > 0) {
      reply.header('allow', allow.join(', '));
      const message = `${request.method} is not possible here; allowed is ${allow.join(', ')}.`;
      return sendProblem(reply, new LabError('method_not_allowed', message, { extra: { allow } }), path);
    }
    if (!path.startsWith('/api/') && request.headers.accept?.includes('text/html')) return page(reply, path);
    const near = nearest(path, candidates(routes, segments));
    const message = `There is nothing at ${path}.${near === null ? ' See /docs for what there is.' : ` Did you mean ${near}?`}`;
    const extra = near === null ? {} : { suggestion: near };
    return sendProblem(reply, new LabError('not_found', message, { extra }), path);
  });
}

function fits(route: readonly string[], path: readonly string[]): boolean {
  return (
    route.length === path.length &&
    route.every((part, i) => part === path[i] || (part.startsWith(':') && path[i] !== ''))
  );
}

/** Known paths of the same depth, with the caller's own ids in them. */
function candidates(routes: readonly KnownRoute[], path: readonly string[]): string[] {
  const same = routes.filter((route) => route.segments.length === path.length);
  return [
    ...new Set(
      same.map(({ segments }) => segments.map((s, i) => (s.startsWith(':') ? path[i] : s)).join('/')),
    ),
  ];
}
