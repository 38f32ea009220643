/** Variables in a template's SQL, written as psql writes them. */
import { LabError } from '../../lab/errors.ts';
import type { Json } from '../../templates/types.ts';
import { quote } from './admin.ts';
import { lineAt, sqlPieces } from './sql-statements.ts';

/**
 * Puts parameters in place of `:name` (as it is), `:'name'` (a string; null: NULL) and `:"name"` (a quoted name); not in
 * strings, quoted names, comments and dollar quotes. `::type` and `:=` are none. The text keeps its lines.
 * Throws LabError `seed_failed` that names file and line for a parameter that there is not.
 */
export function fillVariables(file: string, sql: string, params: Readonly<Record<string, Json>>): string {
  return sql.replaceAll(pieces, (piece, _tag, raw?: string, string?: string, name?: string, ...rest) => {
    const variable = raw ?? string ?? name;
    if (variable === undefined) return piece;
    const value = Object.hasOwn(params, variable) ? params[variable] : undefined;
    if (value === undefined) {
      const line = lineAt(sql, Number(rest[0]));
      throw new LabError('seed_failed', `${file}:${line}: there is no parameter "${variable}".`, {
        extra: { file, line },
      });
    }
    if (raw !== undefined) return value === null ? 'NULL' : textOf(value);
    if (string !== undefined) return value === null ? 'NULL' : stringOnOneLine(textOf(value));
    return quote(textOf(value));
  });
}

/** The parameters that an SQL text names, in order, with the offset of each. */
export function variablesIn(sql: string): readonly { readonly name: string; readonly offset: number }[] {
  return [...sql.matchAll(pieces)].flatMap((match) => {
    const name = match[2] ?? match[3] ?? match[4];
    return name === undefined ? [] : [{ name, offset: match.index }];
  });
}

const pieces = new RegExp(
  [
    sqlPieces.beforeWords,
    '::|:=',
    ':([A-Za-z_][A-Za-z0-9_]*)',
    ":'([A-Za-z_][A-Za-z0-9_]*)'",
    ':"([A-Za-z_][A-Za-z0-9_]*)"',
    sqlPieces.words,
  ].join('|'),
  'g',
);

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Right whatever `standard_conforming_strings` is. */
function stringOnOneLine(text: string): string {
  const doubled = text.replaceAll("'", "''");
  if (!/[\\\n\r]/.test(text)) return `'${doubled}'`;
  return `E'${doubled.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`;
}
