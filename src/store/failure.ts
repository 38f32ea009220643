/** What an error of the database means for whoever asked. */

/**
 * `conflict`: the same again may well succeed. `lost`: the connection broke, nobody knows whether it was done.
 * `refused`: the server is there and cannot (disk full, read-only). `other`: not the database's fault.
 */
export type Failure = 'conflict' | 'lost' | 'refused' | 'other';

const conflicts = new Set(['40001', '40P01', '55P03']);
/** Shutting down, crashed, starting up, too many connections; and what the operating system says. */
const lost = new Set([
  '57P01',
  '57P02',
  '57P03',
  '53300',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
/** Disk full, out of memory, a standby after a failover, an operator or a time limit that stopped the statement. */
const refused = new Set(['53100', '53200', '25006', '57014']);

/** pg 8 gives these no code (`pg/lib/client.js`, `pg-pool/index.js`), so their text is all there is. */
const codeless =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed)/;

export function failureOf(thrown: unknown): Failure {
  if (!(thrown instanceof Error)) return 'other';
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  if (conflicts.has(code)) return 'conflict';
  if (lost.has(code) || code.startsWith('08') || codeless.test(thrown.message)) return 'lost';
  return refused.has(code) ? 'refused' : 'other';
}

/** PostgreSQL's code for this kind of refusal, when the error is one. */
export function violates(thrown: unknown, code: '23503' | '23505'): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}
