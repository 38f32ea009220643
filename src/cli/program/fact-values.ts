/** Facts as people type them, and as their spreadsheets hold them. */
import { readFile } from 'node:fs/promises';
import { CliError } from '../cli-error.ts';

/** What the server is sent; it says itself what does not fit. */
export interface GivenFact {
  readonly trainee: string;
  readonly kind: string;
  readonly item: string;
  readonly hours?: number;
  readonly percent?: number;
  readonly marks?: Readonly<Record<string, string>>;
  readonly on?: string;
  readonly comment?: string;
  readonly withdrawn?: true;
}

/** `4` or `4h` of an attendance; else `88`, `88%`, `17/20`, or criteria as `clear=full`. Throws CliError `bad_value`. */
export function factValue(
  kind: string,
  values: readonly string[],
): Pick<GivenFact, 'hours' | 'percent' | 'marks'> {
  const [first, ...rest] = values;
  if (first === undefined) return {};
  if (values.every((text) => text.includes('='))) return { marks: Object.fromEntries(values.map(pair)) };
  if (rest.length > 0) throw bad(values.join(' '));
  if (kind === 'attendance') {
    const [, hours] = /^(\d+(?:\.\d+)?)\s*h?$/.exec(first) ?? [];
    if (hours === undefined) throw bad(first);
    return { hours: Number(hours) };
  }
  const [, points, most] = /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(first) ?? [];
  if (points !== undefined && most !== undefined && Number(most) > 0) {
    return { percent: (Number(points) / Number(most)) * 100 };
  }
  const [, percent] = /^(\d+(?:\.\d+)?)\s*%?$/.exec(first) ?? [];
  if (percent === undefined) throw bad(first);
  return { percent: Number(percent) };
}

function pair(text: string): readonly [string, string] {
  const [, criterion, level] = /^([^=]+)=(full|half|none)$/.exec(text) ?? [];
  if (criterion === undefined || level === undefined) throw bad(text);
  return [criterion, level];
}

function bad(found: string): CliError {
  const allowed =
    'hours such as 4, a percentage such as 88, points such as 17/20, or <criterion>=full|half|none';
  return new CliError('usage', 'bad_value', `"${found}": expected ${allowed}.`, { found });
}

const needed = ['trainee', 'kind', 'item'];
const known = [...needed, 'value', 'on', 'comment'];

/** The rows of a CSV file with a line of column names, in any order. Throws CliError that names the row. */
export async function readFacts(path: string): Promise<readonly GivenFact[]> {
  const { parseCsv } = await import('../../observers/csv.ts');
  let rows: readonly Readonly<Record<string, string>>[];
  try {
    rows = parseCsv((await readFile(path, 'utf8')).replace(/^\uFEFF/, ''), path);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CliError('usage', 'bad_file', `${path} cannot be read: ${message}`, { file: path });
  }
  const columns = Object.keys(rows[0] ?? {});
  const wrong =
    columns.find((name) => !known.includes(name)) ?? needed.find((name) => !columns.includes(name));
  if (wrong !== undefined) {
    const found = columns.join(', ') || 'none';
    throw new CliError(
      'usage',
      'bad_columns',
      `${path}: found the columns ${found}; allowed are ${known.join(', ')}.`,
    );
  }
  return rows.map((row, at): GivenFact => {
    const { trainee = '', kind = '', item = '', value = '', on = '', comment = '' } = row;
    try {
      return {
        trainee,
        kind,
        item,
        ...factValue(
          kind,
          value.split(/\s+/).filter((text) => text !== ''),
        ),
        ...(on === '' ? {} : { on }),
        ...(comment === '' ? {} : { comment }),
      };
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      throw new CliError(error.exit, error.code, `${path}, row ${at + 2}: ${error.message}`, error.extra);
    }
  });
}
