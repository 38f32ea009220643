/** What a server's refusal means for a look: the one place that knows SQLSTATEs. */
import { DatabaseError } from 'pg';
import type { LookProblem } from '../grading/types.ts';
import { WireOverflow } from './counted-stream.ts';
import { limits } from './limits.ts';
import { LookFailure } from './look.ts';

/** The failure of a statement, or null when the connection itself broke: then only a probe can tell whose doing. */
export function sqlFailure(thrown: unknown): LookFailure | null {
  if (thrown instanceof LookFailure) return thrown;
  if (thrown instanceof WireOverflow) return tooLarge(thrown.message);
  if (!(thrown instanceof DatabaseError)) return null;
  const code = thrown.code ?? '';
  if (lost.test(code)) return null;
  const [, problem, reason] = table.find(([pattern]) => pattern.test(code)) ?? otherwise;
  const sentence = problem === 'missing' ? whatIsMissing(thrown.message) : reason;
  return new LookFailure(problem, sentence, `${code} ${thrown.message}`);
}

/**
 * A signal came while the server waited for a file, as it does where files are copied at their first use (overlay file
 * systems) and two need the same one: nothing is wrong with what was asked, nor with the file.
 */
export const wasInterrupted = (thrown: unknown): boolean =>
  thrown instanceof DatabaseError &&
  thrown.code === 'XX000' &&
  thrown.message.endsWith(': Interrupted system call');

/** The result is over a cap. */
export function tooLarge(internal: string): LookFailure {
  const most = `${limits.sqlRows} rows or ${limits.sqlBytes / 1024 / 1024} MiB`;
  return new LookFailure('oversized', `The result has more than ${most}.`, internal);
}

/** Connection exceptions, shutdowns and "too many clients"; not 08P01, which is a wrong number of arguments. */
const lost = /^(08(?!P01)|57P|53300|28|3D000)/;

type Row = readonly [pattern: RegExp, problem: LookProblem, reason: string];

const table: readonly Row[] = [
  [/^(42P01|42703|42883|42704|3F000)$/, 'missing', 'Something that is asked for is not there.'],
  [/^42501$/, 'denied', 'Reading this is not allowed: were rights taken away?'],
  [/^57014$/, 'slow', 'The database did not answer in time.'],
  [/^55P03$/, 'slow', 'What is asked for stayed locked. Is a transaction still open?'],
  [/^(54|53)/, 'oversized', 'Reading this takes more than the database has for it.'],
  // With `views: false`: "access to non-system view is restricted".
  [
    /^55000$/,
    'rejected',
    'A view or foreign table stands where a table is read, or it is not ready to be read.',
  ],
  [/^22/, 'rejected', 'A value there cannot be read as what it should be.'],
  [/^25006$/, 'rejected', 'Reading this would change data, which a check does not do.'],
  // The author's own statement: nothing that a trainee does makes it unparsable.
  [/^(42601|42P02|42P18|08P01)$/, 'bug', 'This check is broken; that is not your doing.'],
];

const otherwise: Row = [/^/, 'rejected', 'The database refused to answer.'];

/** Names the object, which the trainee was to make; never the query around it. */
function whatIsMissing(message: string): string {
  const [, kind = '', name = ''] =
    /^(relation|column|function|schema|type) "?([\w$.]{1,130})"?.* does not exist/s.exec(message) ?? [];
  switch (kind) {
    case 'relation':
      return `There is no table or view ${name}.`;
    case '':
      return 'A table, column or function that is asked for is not there, or not of the asked type.';
    default:
      return `There is no ${kind} ${name}.`;
  }
}
