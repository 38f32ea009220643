import { LabError } from '../../../lab/errors.ts';

const sayings = {
  refused: 'refuses connections: nothing listens there',
  no_such_name: 'is not running',
  timed_out: 'does not answer: a connection was not made in time',
  unreachable: 'cannot be reached',
} as const;
export type DialReason = keyof typeof sayings;

/** The same words as on every backend. */
export function dialError(reason: DialReason, host: string, port: number): LabError {
  return new LabError('backend_unavailable', `${host}:${port} ${sayings[reason]}.`, { extra: { reason } });
}

/** Null: it is about something else than a connection. */
export function dialReason(thrown: unknown): DialReason | null {
  const reason = thrown instanceof LabError ? String(thrown.extra.reason) : '';
  if (reason === 'not_running') return 'no_such_name';
  return reason in sayings ? (reason as DialReason) : null;
}
