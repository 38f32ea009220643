import { type Logger, pino } from 'pino';
import type { Config } from '../config.ts';

/** On stderr: stdout says only that we listen. */
export function createLogger(level: Config['LOG_LEVEL']): Logger {
  return pino({ level, redact: ['req.headers.authorization'] }, pino.destination(2));
}
