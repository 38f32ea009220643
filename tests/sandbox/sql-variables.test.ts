/** Parameters in a template's SQL. */
import { describe, expect, it } from 'vitest';
import { fillVariables } from '../../src/sandbox/postgres/sql-variables.ts';
import type { Json } from '../../src/templates/types.ts';

const params = { city: "Ika'h", limit: 3, label: 'odd "name"', gone: null };

describe('variables', () => {
  const fill = (sql: string, values: Record<string, Json> = params) => fillVariables('x.sql', sql, values);

  it.each([
    ['select :limit', 'select 3'],
    ['select :\'city\', :"label"', `select 'Ika''h', "odd ""name"""`],
    ["select :'gone', :gone", 'select NULL, NULL'],
    ["select ':city' || :'limit'::text", "select ':city' || '3'::text"],
    ['select ":limit", a::int -- :limit', 'select ":limit", a::int -- :limit'],
    [
      '/* :limit */ do $$ begin x := 1; perform :limit; end $$',
      '/* :limit */ do $$ begin x := 1; perform :limit; end $$',
    ],
    ["select E'\\':limit', :limit", "select E'\\':limit', 3"],
    ['select a[:limit]', 'select a[3]'],
  ])('%s', (sql, filled) => expect(fill(sql)).toBe(filled));

  it('keep the lines, and hold every text', () => {
    const nasty = "a'b\\c\nd$$e";
    expect(fill("select :'x'", { x: nasty })).toBe("select E'a''b\\\\c\\nd$$e'");
    expect(fill('select :x', { x: ['$&', { a: 1 }] })).toBe('select ["$&",{"a":1}]');
  });
});
