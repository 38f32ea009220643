/** The statement that reads a schema: $1 names of schemas, $2 names of tables or null. One JSON list a column. */

const inSchemas = 'n.nspname = any ($1::text[])';
const ofTables = '($2::text[] is null or c.relname = any ($2::text[]))';
/** What an extension made is not the lab's. */
const notOfExtension = (catalog: string, oid: string) =>
  `not exists (select from pg_depend d where d.classid = '${catalog}'::regclass and d.objid = ${oid} and d.deptype = 'e')`;
const columnNames = (numbers: string) => `(select coalesce(json_agg(a.attname order by k.at), '[]')
  from unnest(${numbers}) with ordinality k(number, at)
  join pg_attribute a on a.attrelid = c.oid and a.attnum = k.number)`;
/** Key columns or included ones of an index: names, or the expression. */
const indexColumns = (from: string, to: string) => `(select coalesce(json_agg(coalesce(a.attname::text,
    pg_get_indexdef(i.indexrelid, at::int, true)) order by at), '[]')
  from generate_series(${from}, ${to}) at
  left join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[at - 1] and i.indkey[at - 1] <> 0)`;
const foreign = `case when x.contype = 'f' then json_build_object(
    'schema', (select fn.nspname from pg_class fc join pg_namespace fn on fn.oid = fc.relnamespace where fc.oid = x.confrelid),
    'table', (select fc.relname from pg_class fc where fc.oid = x.confrelid),
    'columns', (select json_agg(a.attname order by k.at) from unnest(x.confkey) with ordinality k(number, at)
      join pg_attribute a on a.attrelid = x.confrelid and a.attnum = k.number),
    'onDelete', case x.confdeltype when 'a' then 'no action' when 'r' then 'restrict' when 'c' then 'cascade'
      when 'n' then 'set null' else 'set default' end) end`;
const constraintKind = `case x.contype when 'p' then 'primary key' when 'u' then 'unique' when 'f' then 'foreign key'
  when 'c' then 'check' when 'x' then 'exclusion' when 'n' then 'not null' else x.contype::text end`;

const tables = `from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where ${inSchemas} and ${ofTables} and c.relkind in ('r', 'p', 'f')`;

/** Section → its rows; each with fields in the order of the published type. */
const sections = {
  tables: `select n.nspname as schema, c.relname as name,
      case c.relkind when 'p' then 'partitioned' when 'f' then 'foreign' else 'table' end as kind,
      greatest(c.reltuples, 0)::float8 as rows, c.relrowsecurity as rls, c.relforcerowsecurity as "forceRls"
    ${tables} and ${notOfExtension('pg_class', 'c.oid')}`,
  columns: `select n.nspname as schema, c.relname as "table", a.attname as name,
      format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable,
      pg_get_expr(d.adbin, d.adrelid) as "default", a.attgenerated <> '' as generated, a.attidentity <> '' as identity
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
      left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where ${inSchemas} and ${ofTables} and c.relkind in ('r', 'p', 'f') and a.attnum > 0 and not a.attisdropped
      and ${notOfExtension('pg_class', 'c.oid')}
    order by 1, 2, a.attnum`,
  indexes: `select n.nspname as schema, c.relname as "table", ic.relname as name,
      ${indexColumns('1', 'i.indnkeyatts')} as columns, ${indexColumns('i.indnkeyatts + 1', 'i.indnatts')} as included,
      i.indisunique as unique, i.indisprimary as primary, i.indisvalid and i.indisready as valid,
      pg_get_expr(i.indpred, i.indrelid) as predicate, m.amname as method,
      coalesce(pg_relation_size(i.indexrelid), 0) as size, pg_get_indexdef(i.indexrelid) as definition
    from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_am m on m.oid = ic.relam
      join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
    where ${inSchemas} and ${ofTables} and ${notOfExtension('pg_class', 'c.oid')}`,
  constraints: `select n.nspname as schema, c.relname as "table", x.conname as name, ${constraintKind} as kind,
      ${columnNames('x.conkey')} as columns, x.convalidated as validated, ${foreign} as references,
      pg_get_constraintdef(x.oid) as definition
    from pg_constraint x join pg_class c on c.oid = x.conrelid join pg_namespace n on n.oid = c.relnamespace
    where ${inSchemas} and ${ofTables} and x.contype <> 't' and ${notOfExtension('pg_class', 'c.oid')}`,
  views: `select n.nspname as schema, c.relname as name, c.relkind = 'm' as materialized,
      pg_get_viewdef(c.oid) as definition
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where ${inSchemas} and c.relkind in ('v', 'm') and ${notOfExtension('pg_class', 'c.oid')}`,
  functions: `select n.nspname as schema, p.proname as name,
      case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' when 'w' then 'window' else 'function' end as kind,
      pg_get_function_identity_arguments(p.oid) as arguments, pg_get_function_result(p.oid) as returns,
      l.lanname as language,
      case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end as volatility,
      p.prosecdef as "securityDefiner", coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) as source
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
    where ${inSchemas} and ${notOfExtension('pg_proc', 'p.oid')}`,
  triggers: `select n.nspname as schema, c.relname as "table", g.tgname as name, g.tgenabled <> 'D' as enabled,
      p.proname as function, pg_get_triggerdef(g.oid) as definition
    from pg_trigger g join pg_class c on c.oid = g.tgrelid join pg_namespace n on n.oid = c.relnamespace
      join pg_proc p on p.oid = g.tgfoid
    where ${inSchemas} and ${ofTables} and not g.tgisinternal`,
  policies: `select n.nspname as schema, c.relname as "table", y.polname as name,
      case y.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete'
        else 'all' end as command, y.polpermissive as permissive,
      (select coalesce(json_agg(coalesce(r.rolname, 'public') order by r.rolname), '[]')
        from unnest(y.polroles) role left join pg_roles r on r.oid = role) as roles,
      pg_get_expr(y.polqual, y.polrelid) as using, pg_get_expr(y.polwithcheck, y.polrelid) as check
    from pg_policy y join pg_class c on c.oid = y.polrelid join pg_namespace n on n.oid = c.relnamespace
    where ${inSchemas} and ${ofTables}`,
  extensions: `select e.extname as name, e.extversion as version, n.nspname as schema
    from pg_extension e join pg_namespace n on n.oid = e.extnamespace`,
} as const;

export type SchemaSection = keyof typeof sections;

export const schemaSections = Object.keys(sections) as readonly SchemaSection[];

/** @param most rows of one section at most. */
export function schemaQuery(most: number): string {
  const lists = Object.entries(sections).map(([name, query]) => {
    const ordered = query.includes('order by 1, 2') ? query : `${query} order by 1, 2, 3`;
    return `(select json_agg(s) from (${ordered} limit ${most}) s) as ${name}`;
  });
  return `select ${lists.join(',\n')}`;
}
