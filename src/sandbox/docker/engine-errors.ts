/** What a Docker Engine says when something cannot be done, as a LabError that says what to do about it. */
import { statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { LabError } from '../../lab/errors.ts';

const unreachable: ReadonlySet<string> = new Set([
  ...['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTSOCK', 'ENOTDIR'],
  ...['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
]);

/** The HTTP status that the engine answered with, also where it has become a LabError; null: it did not answer. */
export function engineStatus(thrown: unknown): number | null {
  const inner = thrown instanceof LabError ? thrown.cause : thrown;
  const { statusCode } = (inner ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : null;
}

/**
 * `backend_unavailable`: the engine is away, keeps us out, or has no room; a lab waits for it. `backend_busy`: its
 * networks are used up. `start_failed`: it could not start this container. `provision_failed`: it refuses. What is a LabError already stays as it is.
 */
export function engineError(
  thrown: unknown,
  { host, what, tookTooLong }: { host: string; what: string; tookTooLong: boolean },
): LabError {
  if (thrown instanceof LabError) return thrown;
  const { code = '', message } = thrown as Error & { code?: string };
  const unavailable = (text: string) => new LabError('backend_unavailable', text, { cause: thrown });
  const away = `The Docker Engine at ${host} does not answer`;
  if (tookTooLong) return unavailable(`${away} in time: it could not ${what}.`);
  if (code === 'EACCES' || code === 'EPERM') return unavailable(forbidden(host));
  if (unreachable.has(code) || message === 'socket hang up') return unavailable(`${away}: is it running?`);
  const said = sentence(thrown);
  if (engineStatus(thrown) === null) {
    return unavailable(`The Docker Engine at ${host} cannot be talked to: ${said}.`);
  }
  if (/no space left on device|disk quota exceeded/i.test(said)) {
    return unavailable(`The Docker Engine at ${host} has no room left on its disk: it could not ${what}.`);
  }
  const image = /No such image: ([^\s,]+)/.exec(said)?.[1];
  if (image !== undefined) return unavailable(`The Docker Engine at ${host} has no image ${image}.`);
  if (/no available IPv4 addresses|Pool overlaps|non-overlapping/.test(said)) {
    return new LabError('backend_busy', `The Docker Engine could not ${what}: ${said}.`, { cause: thrown });
  }
  if (/OCI runtime|failed to create shim|failed to create task/.test(said)) {
    return new LabError('start_failed', `The Docker Engine could not ${what}: ${said}.`, { cause: thrown });
  }
  const text = `The Docker Engine could not ${what}: ${said}.`;
  // What was asked for is at fault, as far as is known, so that it is not waited for without end.
  if ((engineStatus(thrown) ?? 500) < 500) return new LabError('provision_failed', text, { cause: thrown });
  return unavailable(text);
}

/** The engine's own words, without what the client puts around them. */
function sentence(thrown: unknown): string {
  const { json, message } = thrown as { json?: { message?: unknown } | null; message: string };
  const own = typeof json?.message === 'string' ? json.message : message;
  return own.trim().replace(/\.$/, '').slice(0, 500);
}

function forbidden(host: string): string {
  const path = host.startsWith('unix:') ? decodeURIComponent(new URL(host).pathname) : host;
  const { username, gid } = userInfo();
  let owners = '';
  try {
    owners = ` It belongs to group ${statSync(path).gid}.`;
  } catch {
    // The folder is closed to us as well.
  }
  return (
    `The Docker Engine's socket ${path} is closed to user "${username}" (group ${gid}).${owners} ` +
    'Add the user to that group, or name another engine by DOCKER_HOST.'
  );
}
