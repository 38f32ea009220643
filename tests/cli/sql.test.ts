import { describe, expect, it } from 'vitest';
import { parseMeta } from '../../src/cli/sql/meta.ts';
import { formatResult } from '../../src/cli/sql/result.ts';
import { splitStatements } from '../../src/cli/sql/statement.ts';
import { createTerminal } from '../../src/cli/terminal.ts';

describe('where statements end', () => {
  it.each([
    ['select 1;', ['select 1'], ''],
    ['select 1', [], 'select 1'],
    ['select 1; select 2;\nselect', ['select 1', 'select 2'], 'select'],
    [';;  ;', [], ''],
    ["select ';';", ["select ';'"], ''],
    ["select 'it''s;';", ["select 'it''s;'"], ''],
    ["select e'a\\';b';", ["select e'a\\';b'"], ''],
    ["select 'a\\'; select 2;", ["select 'a\\'", 'select 2'], ''],
    ['select ";";', ['select ";"'], ''],
    ['select 1 -- no; end\n;', ['select 1 -- no; end'], ''],
    ['select /* a /* ; */ ; */ 1;', ['select /* a /* ; */ ; */ 1'], ''],
    ['do $$ begin; end $$;', ['do $$ begin; end $$'], ''],
    ['do $x$ $$ ; $x$;', ['do $x$ $$ ; $x$'], ''],
    ['select $1; select a$b$c;', ['select $1', 'select a$b$c'], ''],
    ["select 'open;", [], "select 'open;"],
  ])('%s', (text, whole, open) => {
    expect(splitStatements(text)).toEqual({ whole, open });
  });
});

describe('backslash commands', () => {
  it('know what fingers know', () => {
    expect(parseMeta('\\q')).toEqual({ do: 'quit' });
    expect(parseMeta('\\?')).toEqual({ do: 'help' });
    expect(parseMeta('\\dt')).toMatchObject({ do: 'query', statement: expect.stringContaining('pg_class') });
  });

  it('cannot be made to run other SQL', () => {
    const meta = parseMeta("\\d x'; drop table y; --");
    expect(meta.do === 'query' && meta.statement).toContain("'x''; drop table y; --'::regclass");
  });

  it('suggest what was probably meant', () => {
    expect(() => parseMeta('\\dtt')).toThrow('\\dt');
  });
});

describe('results', () => {
  const paper = { ...createTerminal({ json: false, debug: false, colour: false }), width: 40 };
  const columns = [
    { name: 'id', type: 23 },
    { name: 'note', type: 25 },
  ];

  it('fit the terminal, wrapping long text', () => {
    const result = {
      command: 'SELECT',
      columns,
      rows: [['7', 'word '.repeat(20).trim()]],
      rowCount: 1,
      capped: false,
    };
    const lines = formatResult(paper, result).split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
    expect(lines.join(' ').match(/word/g)).toHaveLength(20);
    expect(lines.at(-1)).toBe('(1 row)');
  });

  it('say when there is more, and what a command did', () => {
    const capped = { command: 'SELECT', columns, rows: [['1', null]], rowCount: 1, capped: true };
    expect(formatResult(paper, capped)).toMatch(/null\n\(first 1 rows/);
    const insert = { command: 'INSERT', columns: [], rows: [], rowCount: 3, capped: false };
    expect(formatResult(paper, insert)).toBe('INSERT 3');
  });
});
