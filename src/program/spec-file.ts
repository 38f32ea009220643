/** The YAML file that says what such a program does. */
import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { ConfigError } from './variables.ts';

export interface FileProblem {
  readonly message: string;
  /** Counted from 1. */
  readonly line?: number;
}

export type Parsed<Spec> = { readonly spec: Spec } | { readonly problems: readonly FileProblem[] };

/** Pure; never throws. All problems at once, each with its line where it has one. */
export function parseSpec<Spec>(schema: z.ZodType<Spec>, text: string): Parsed<Spec> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ message, pos }) => ({
      message,
      line: lines.linePos(pos[0]).line,
    }));
    return { problems };
  }
  let raw: unknown;
  try {
    raw = document.toJS({ maxAliasCount: 100 });
  } catch (thrown) {
    return { problems: [{ message: thrown instanceof Error ? thrown.message : String(thrown) }] };
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) return { spec: parsed.data };
  return {
    problems: parsed.error.issues.map((issue) => {
      const line = lineOf(issue.path);
      return { message: `${issue.path.join('.')}: ${issue.message}`, ...(line !== undefined && { line }) };
    }),
  };

  /** Of the nearest node that is there. */
  function lineOf(at: readonly PropertyKey[]): number | undefined {
    for (let length = at.length; length >= 0; length--) {
      const node = document.getIn(at.slice(0, length), true) as
        | { range?: [number, number, number] }
        | undefined;
      if (node?.range) return lines.linePos(node.range[0]).line;
    }
    return undefined;
  }
}

/** Throws {@link ConfigError} with all problems of the file. */
export function readSpec<Spec>(path: string, parse: (text: string) => Parsed<Spec>): Spec {
  const parsed = parse(readFileSync(path, 'utf8'));
  if ('spec' in parsed) return parsed.spec;
  const said = parsed.problems.map(
    ({ message, line }) => `${path}${line === undefined ? '' : `:${line}`} ${message}`,
  );
  throw new ConfigError(said.join('\n'));
}
