/** RFC 9457 problem details: the one shape of everything that goes wrong. */
import { z } from 'zod';
import type { LabError } from '../lab/errors.ts';

// Not imported: an import reads all that the module has, and with it loads the fetch client (20 ms, 2 MiB).
const { STATUS_CODES } = process.getBuiltinModule('node:http');

export const problemType = 'application/problem+json';

export const problemSchema = z
  .looseObject({
    type: z.string().describe('A URI that names the kind of problem; it ends in the code.'),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('Stable: branch on this, never on the text.'),
    detail: z.string().describe('What was found, what is allowed, what to do; for people.'),
    instance: z.string().describe('The path that was asked for.'),
    errors: z
      .array(z.object({ field: z.string(), found: z.string(), allowed: z.string() }))
      .optional()
      .describe('What is wrong with each field of the request.'),
  })
  .describe('Problem details (RFC 9457)');

export type Problem = z.infer<typeof problemSchema>;

/** Pure. What went wrong inside (`internal`) is told to the log only. */
export function toProblem(error: LabError, instance: string): Problem {
  const { status, code } = error;
  return {
    ...error.extra,
    type: `urn:labwright:problem:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code,
    detail: code === 'internal' ? 'Something went wrong on our side. It has been logged.' : error.message,
    instance,
  };
}
