/** A SQL prompt for people who have no psql: lines until a semicolon, tables back, history kept. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { CliError, reportOf } from '../cli-error.ts';
import type { Terminal } from '../terminal.ts';
import { metaHelp, parseMeta } from './meta.ts';
import { formatResult } from './result.ts';
import type { SqlSession } from './session.ts';
import { splitStatements } from './statement.ts';

export interface PromptOptions {
  readonly name: string;
  readonly maxRows: number;
  readonly historyFile: string;
}

/** Runs until the reader leaves. A statement that fails is shown and the prompt goes on. */
export async function runPrompt(
  terminal: Terminal,
  session: SqlSession,
  options: PromptOptions,
): Promise<void> {
  const { colour } = terminal;
  const reader = createInterface({
    input: process.stdin,
    output: process.stdout,
    terminal: terminal.interactive,
    history: readHistory(options.historyFile),
    historySize: 500,
    removeHistoryDuplicates: true,
  });
  let typed = '';
  let running = false;
  const ask = () => {
    reader.setPrompt(`${options.name}${typed === '' ? '=>' : '->'} `);
    if (terminal.interactive) reader.prompt();
  };
  reader.on('SIGINT', () => {
    if (running) void session.cancel().catch(() => {});
    else {
      typed = '';
      process.stdout.write('\n');
      reader.write(null, { ctrl: true, name: 'u' });
      ask();
    }
  });
  reader.on('history', (lines) => saveHistory(options.historyFile, lines));

  const execute = async (statement: string) => {
    running = true;
    try {
      const started = performance.now();
      const result = await session.run(statement, options.maxRows);
      terminal.print(formatResult(terminal, result));
      if (terminal.interactive) terminal.print(colour.dim(`${(performance.now() - started).toFixed(1)} ms`));
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      process.stderr.write(`${terminal.noteColour.red(reportOf(error).message)}\n`);
    } finally {
      running = false;
    }
  };

  if (terminal.interactive)
    terminal.print(colour.dim('Statements end with a semicolon. \\? for help, \\q to leave.'));
  ask();
  for await (const line of reader) {
    if (typed === '' && line.trimStart().startsWith('\\')) {
      if ((await runMeta(line)) === 'quit') break;
    } else if (typed === '' && /^\s*(quit|exit)\s*;?\s*$/i.test(line)) {
      break;
    } else {
      const { whole, open } = splitStatements(`${typed}${line}\n`);
      typed = open === '' ? '' : `${open}\n`;
      for (const statement of whole) await execute(statement);
    }
    ask();
  }
  // What comes from a pipe may leave the last semicolon out.
  if (!terminal.interactive && typed.trim() !== '') await execute(typed.trim());
  reader.close();

  async function runMeta(line: string): Promise<'quit' | 'go on'> {
    try {
      const meta = parseMeta(line);
      if (meta.do === 'quit') return 'quit';
      if (meta.do === 'help') terminal.print(metaHelp);
      else await execute(meta.statement);
    } catch (error) {
      process.stderr.write(`${terminal.noteColour.red(reportOf(error).message)}\n`);
    }
    return 'go on';
  }
}

function readHistory(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}

/** A statement may hold what a trainee typed as a secret: only they may read it. Never worth an error. */
function saveHistory(file: string, lines: readonly string[]): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  } catch {}
}
