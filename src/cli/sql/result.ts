import type { FieldDef } from 'pg';
import { plain } from '../plain.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';

/** What one statement gave: every value as PostgreSQL writes it. */
export interface SqlResult {
  readonly command: string;
  readonly columns: readonly { readonly name: string; readonly type: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
  /** Rows touched, or found. */
  readonly rowCount: number;
  /** There were more rows than are shown. */
  readonly capped: boolean;
}

/** Numbers read better aligned to the right: int2/4/8, float4/8, numeric, oid. */
const numeric = new Set([20, 21, 23, 26, 700, 701, 1700]);

export function columnsOf(fields: readonly FieldDef[]): SqlResult['columns'] {
  return fields.map((field) => ({ name: field.name, type: field.dataTypeID }));
}

/** The result as a table, or `INSERT 3` where there are no columns. */
export function formatResult(terminal: Pick<Terminal, 'colour' | 'width'>, result: SqlResult): string {
  const { colour } = terminal;
  if (result.columns.length === 0)
    return `${result.command}${result.rowCount > 0 ? ` ${result.rowCount}` : ''}`;
  const columns = result.columns.map(({ name, type }) =>
    numeric.has(type)
      ? { title: plain(name), align: 'right' as const, wraps: true }
      : { title: plain(name), wraps: true },
  );
  const rows = result.rows.map((row) =>
    row.map((value) => (value === null ? colour.dim('null') : plain(value).replaceAll('\t', '  '))),
  );
  const count = `(${result.rowCount} row${result.rowCount === 1 ? '' : 's'})`;
  const more = result.capped ? `(first ${rows.length} rows of more; use limit, or --rows)` : count;
  return `${table(terminal, columns, rows)}\n${colour.dim(more)}`;
}

/** The result as `--json` prints it. */
export function resultJson(result: SqlResult): unknown {
  return {
    command: result.command,
    columns: result.columns.map((column) => column.name),
    rows: result.rows,
    rowCount: result.rowCount,
    capped: result.capped,
  };
}
