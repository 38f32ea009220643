import pg from 'pg';

const systemCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOTFOUND', 'ETIMEDOUT', 'ENOENT']);
const messages =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/;

/** Whether the connection is gone, the server is, or the database is: not the statement's fault. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (messages.test(error.message)) return true;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // 08: connection, 57P: shutdown and termination, 3D000: dropped, 53300: no slot, 55006: being cloned.
  return isDatabaseClosed(error) || systemCodes.has(code) || /^(08...|57P0.|3D000|53300|55006)$/.test(code);
}

/**
 * The database takes no new connections for the moment: it is being copied (55000, which statements fail with for
 * reasons of their own, but never as FATAL), or the server is starting up or shutting down (57P03).
 */
export function isDatabaseClosed(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false;
  return error.code === '57P03' || (error.code === '55000' && error.severity === 'FATAL');
}
