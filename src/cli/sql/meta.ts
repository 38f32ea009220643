/** The few backslash commands of psql that people's fingers know. */
import { didYouMean } from '../../templates/suggest.ts';
import { CliError } from '../cli-error.ts';

export type Meta =
  | { readonly do: 'quit' }
  | { readonly do: 'help' }
  | { readonly do: 'query'; readonly statement: string };

export const metaHelp = `  \\dt            tables and views
  \\d NAME        columns, keys and indexes of a table
  \\du            who you are and what you may
  \\q             leave (also Ctrl-D)
  Statements end with a semicolon; Ctrl-C drops what is typed, or stops what runs.`;

/** Pure. Throws CliError `usage` for a command that is not known. */
export function parseMeta(line: string): Meta {
  const [name = '', ...rest] = line.trim().split(/\s+/);
  const argument = rest.join(' ').replace(/;$/, '');
  switch (name) {
    case '\\q':
      return { do: 'quit' };
    case '\\?':
    case '\\h':
      return { do: 'help' };
    case '\\dt':
      return { do: 'query', statement: listTables };
    case '\\du':
      return {
        do: 'query',
        statement: 'select current_user as "you", session_user, current_database() as database',
      };
    case '\\d':
      return { do: 'query', statement: argument === '' ? listTables : describeTable(argument) };
    default: {
      const known = ['\\dt', '\\d', '\\du', '\\q', '\\?'];
      throw new CliError(
        'usage',
        'unknown_command',
        `${name} is not known here${didYouMean(name, known)}; \\? lists what is.`,
      );
    }
  }
}

const listTables = `
select n.nspname as schema, c.relname as name,
       case c.relkind when 'r' then 'table' when 'p' then 'partitioned table' when 'v' then 'view'
                      when 'm' then 'materialized view' else 'foreign table' end as kind,
       nullif(c.reltuples, -1)::bigint as "rows (estimate)", obj_description(c.oid, 'pg_class') as comment
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^(pg_|information_schema$)'
order by 1, 2`;

function describeTable(name: string): string {
  const literal = `'${name.replaceAll("'", "''")}'`;
  return `
select attname as column, format_type(atttypid, atttypmod) as type,
       case when attnotnull then 'not null' else '' end as "null",
       pg_get_expr(d.adbin, d.adrelid) as "default"
from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = ${literal}::regclass and a.attnum > 0 and not a.attisdropped
union all
select * from (select '· ' || conname, pg_get_constraintdef(oid), '', '' from pg_constraint
               where conrelid = ${literal}::regclass order by contype, conname) as constraints
union all
select * from (select '· ' || indexrelid::regclass::text, pg_get_indexdef(indexrelid), '', '' from pg_index
               where indrelid = ${literal}::regclass and not indisprimary order by 1) as indexes`;
}
