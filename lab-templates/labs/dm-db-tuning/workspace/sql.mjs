// node sql.mjs FILE: runs the statements of a file one after the other, each in a transaction of its own, and shows
// what they give. It stops at the first that fails.
import { readFileSync } from 'node:fs';
import pg from 'pg';

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node sql.mjs FILE');
  process.exit(2);
}

/** A statement ends with a semicolon at the end of a line, outside of a function's $$ … $$. */
function statementsOf(text) {
  const statements = [];
  let lines = [];
  for (const line of text.split('\n')) {
    if (lines.length === 0 && /^\s*(--.*)?$/.test(line)) continue;
    lines.push(line);
    const quotes = lines.join('\n').match(/\$\w*\$/g) ?? [];
    if (quotes.length % 2 === 1 || !/;\s*(--.*)?$/.test(line)) continue;
    statements.push(lines.join('\n'));
    lines = [];
  }
  return lines.length === 0 ? statements : [...statements, lines.join('\n')];
}

const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
client.on('notice', ({ message }) => console.log(`notice: ${message}`));
try {
  for (const statement of statementsOf(readFileSync(file, 'utf8'))) {
    const { command, rows } = await client.query(statement);
    if (rows.length > 0) console.table(rows);
    else console.log(command);
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await client.end();
}
