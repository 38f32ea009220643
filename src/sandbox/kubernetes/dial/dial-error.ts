import { LabError } from '../../../lab/errors.ts';

const sayings = {
  refused: 'refuses connections: nothing listens there',
  no_such_name: 'is not running',
  timed_out: 'does not answer: a connection was not made in time',
  unreachable: 'cannot be reached',
} as const;

/** The same words as on every backend. */
export function dialError(reason: keyof typeof sayings, host: string, port: number): LabError {
  return new LabError('backend_unavailable', `${host}:${port} ${sayings[reason]}.`, { extra: { reason } });
}
