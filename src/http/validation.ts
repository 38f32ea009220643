/** Turns what zod finds into one LabError that names each field, what was found there and what is allowed. */
import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { LabError } from '../lab/errors.ts';

const kinds: Readonly<Record<string, string>> = {
  object: 'an object',
  array: 'a list',
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

interface FieldError {
  readonly field: string;
  readonly found: string;
  readonly allowed: string;
}

const places: Readonly<Record<string, string>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'headers',
};

/** Parses bodies, queries, paths and headers; `validation_failed` when they do not fit. */
export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  const place = places[httpPart ?? 'body'] ?? 'body';
  return (data) => {
    // The framework says null where there is no body.
    const given = place === 'body' && data === null ? undefined : data;
    const parsed = schema.safeParse(given, { reportInput: true });
    return parsed.success ? { value: parsed.data } : { error: validationError(parsed.error.issues, place) };
  };
};

/** `place` names the part of the request when the trouble is with the whole of it. */
function validationError(issues: readonly z.core.$ZodIssue[], place: string): LabError {
  const all = issues.flatMap((issue) => fieldErrors(issue, place));
  // One trouble a field is enough: what is empty is not also in the wrong alphabet.
  const errors = all.filter((one, i) => all.findIndex((e) => e.field === one.field) === i).slice(0, 20);
  const detail = errors.map((e) => `${e.field}: found ${e.found}; allowed is ${e.allowed}.`).join(' ');
  return new LabError('validation_failed', detail, { extra: { errors } });
}

function fieldErrors(issue: z.core.$ZodIssue, place: string): FieldError[] {
  const at = (path: readonly PropertyKey[]) => path.map(String).join('.') || place;
  const field = at(issue.path);
  const found = describeValue(issue.input);
  switch (issue.code) {
    case 'invalid_type': {
      const nothing = issue.input === undefined && issue.path.length === 0;
      const allowed = kinds[issue.expected] ?? issue.expected;
      return [{ field, found: nothing ? 'no body' : found, allowed }];
    }
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        field: at([...issue.path, shorten(key)]),
        found: 'a field that is not known here',
        allowed: 'the documented fields only',
      }));
    case 'invalid_value':
      return [{ field, found, allowed: issue.values.map((value) => JSON.stringify(value)).join(', ') }];
    case 'too_small':
      return [{ field, found, allowed: `${unit(issue.origin)}at least ${issue.minimum}` }];
    case 'too_big':
      return [{ field, found, allowed: `${unit(issue.origin)}at most ${issue.maximum}` }];
    default:
      return [{ field, found, allowed: issue.message }];
  }
}

function unit(origin: string): string {
  if (origin === 'string') return 'a length of ';
  return origin === 'array' ? 'a number of items of ' : 'a number of ';
}

/** What was sent, short enough for a message and without what might be a secret or a novel. */
function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return `"${shorten(value)}"`;
  return String(value);
}

function shorten(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cs}]/gu, '\uFFFD');
  return clean.length > 60 ? `${clean.slice(0, 60)}…` : clean;
}
