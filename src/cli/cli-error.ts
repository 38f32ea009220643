import { mask } from '../compose/mask.ts';
import { ConfigError } from '../config.ts';
import { LabError } from '../lab/errors.ts';
import { type ExitName, exitCodes, exitOfStatus } from './exit-codes.ts';

/** The body of an error as `--json` prints it: RFC 9457, as the HTTP API does. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly [extra: string]: unknown;
}

/** Ends a command: one or two lines that say what was found, what is allowed, and what to do. */
export class CliError extends Error {
  readonly exit: ExitName;
  readonly code: string;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(exit: ExitName, code: string, message: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'CliError';
    this.exit = exit;
    this.code = code;
    this.extra = extra;
  }
}

export interface ErrorReport {
  readonly exitCode: number;
  readonly message: string;
  readonly problem: Problem;
}

const statusOf: Record<ExitName, number> = {
  ok: 200,
  failed: 500,
  usage: 400,
  unavailable: 503,
  notFound: 404,
  refused: 403,
};

/** Any thrown value as what is printed and the exit code. */
export function reportOf(thrown: unknown): ErrorReport {
  if (thrown instanceof CliError) {
    const status = typeof thrown.extra.status === 'number' ? thrown.extra.status : statusOf[thrown.exit];
    return report(thrown.exit, status, thrown.code, thrown.message, thrown.extra);
  }
  if (thrown instanceof LabError) {
    // The machine or a setting is not as a start needs it: nothing was tried and found wrong.
    const exit = thrown.code === 'start_failed' ? 'unavailable' : exitOfStatus(thrown.status);
    return report(exit, thrown.status, thrown.code, thrown.message, thrown.extra);
  }
  if (thrown instanceof ConfigError) {
    return report('usage', 400, 'bad_setting', thrown.message, { settings: thrown.bad });
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return report(
    'failed',
    500,
    'internal',
    `${message || 'unknown error'} (this is a bug; --debug shows where)`,
    {},
  );
}

function report(
  exit: ExitName,
  status: number,
  code: string,
  text: string,
  extra: Readonly<Record<string, unknown>>,
): ErrorReport {
  const message = mask(text);
  const title = code.replaceAll('_', ' ');
  const problem = { type: 'about:blank', title, ...extra, status, code, detail: message };
  return { exitCode: exitCodes[exit].code, message, problem };
}
