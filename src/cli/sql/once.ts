import { CliError } from '../cli-error.ts';
import type { Terminal } from '../terminal.ts';
import { parseMeta } from './meta.ts';
import { formatResult, resultJson } from './result.ts';
import type { SqlSession } from './session.ts';
import { splitStatements } from './statement.ts';

/** Runs what was given, statement by statement, and stops at the first that fails. */
export async function runStatements(
  terminal: Terminal,
  session: SqlSession,
  text: string,
  maxRows: number,
): Promise<void> {
  const statements = statementsOf(text);
  if (statements.length === 0) throw new CliError('usage', 'no_statement', 'There is no statement to run.');
  const results = [];
  for (const statement of statements) {
    const result = await session.run(statement, maxRows);
    terminal.print(formatResult(terminal, result));
    results.push(resultJson(result));
  }
  if (terminal.json) terminal.answer(results.length === 1 ? results[0] : results, () => '');
}

function statementsOf(text: string): readonly string[] {
  if (text.trimStart().startsWith('\\')) {
    const meta = parseMeta(text);
    return meta.do === 'query' ? [meta.statement] : [];
  }
  const { whole, open } = splitStatements(text);
  return open === '' ? whole : [...whole, open];
}
