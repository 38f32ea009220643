import pino, { type Logger } from 'pino';
import type { Config } from '../config.ts';
import { mask } from './mask.ts';

export type Log = Logger;

/**
 * The process's log. Lines go to stderr, so that what a command answers on stdout stays clean. Every finished line is
 * masked: no token, password or connection string is ever written.
 */
export function createLog(
  config: Pick<Config, 'logLevel' | 'logFormat'>,
  sink: { write(line: string): unknown; readonly isTTY?: boolean } = process.stderr,
): Log {
  const asText = config.logFormat === 'text' || (config.logFormat === 'auto' && sink.isTTY === true);
  return pino(
    {
      level: config.logLevel,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: pino.stdSerializers.err, error: pino.stdSerializers.err },
      hooks: { streamWrite: (line) => (asText ? textLine(mask(line)) : mask(line)) },
    },
    { write: (line) => void sink.write(line) },
  );
}

/** `12:04:05.120 info  Lab is ready labId=lab-1`: for reading, one line, stacks below. */
function textLine(json: string): string {
  const { time, level, msg, err, ...rest } = JSON.parse(json) as Record<string, unknown>;
  const fields = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const head = [String(time).slice(11, 23), String(level).padEnd(5), msg, ...fields]
    .filter(Boolean)
    .join(' ');
  const { message, stack } = (err ?? {}) as { message?: string; stack?: string };
  return `${head}${err === undefined ? '' : `\n  ${stack ?? message ?? JSON.stringify(err)}`}\n`;
}
