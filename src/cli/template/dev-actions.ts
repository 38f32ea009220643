/** What each command of `template dev` does and prints. */

import { findCheck, findWrong } from '../../authoring/find.ts';
import type { Workbench } from '../../authoring/workbench.ts';
import { surprisesOf } from '../../proving/surprises.ts';
import { formatProblem } from '../../templates/problem.ts';
import { renderAccess } from '../lab/render.ts';
import type { Progress } from '../progress.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';
import type { DevOptions } from './dev.ts';
import { type DevCommand, devHelp } from './dev-command.ts';
import { renderCheck, renderLook, renderTried } from './dev-render.ts';
import { runSolution, runStep, runWrong } from './dev-steps.ts';

/** Rows of a statement that are shown. */
const mostRows = 50;

export function createActions(terminal: Terminal, progress: Progress, bench: Workbench, options: DevOptions) {
  const { colour } = terminal;
  /** The check that every save grades, or `all`. */
  let watched = options.watch ?? null;
  let begun = false;
  let last: DevCommand | null = null;
  let making: AbortController | null = null;
  /** What of the template the lab is older than was told already. */
  let toldChanged = '';

  async function grade(word: string, signal: AbortSignal): Promise<void> {
    if (word !== 'all') findCheck(bench.template(), word);
    progress.say('grading');
    const tried = await (word === 'all' ? bench.all(signal) : bench.check(word, signal));
    progress.clear();
    const shown =
      word === 'all'
        ? renderTried(terminal, tried)
        : tried.checks.map((one) => renderCheck(terminal, one)).join('\n');
    terminal.print(`${shown}\n`);
  }

  async function remake(signal: AbortSignal): Promise<void> {
    const own = new AbortController();
    making = own;
    toldChanged = '';
    try {
      await bench.remake(AbortSignal.any([signal, own.signal]));
    } catch (thrown) {
      if (!own.signal.aborted || signal.aborted) throw thrown;
      // The save that made it useless is the next turn.
      return;
    } finally {
      making = null;
    }
    progress.done(`Lab ${bench.labId()} is ready`);
  }

  async function wrong(id: string, signal: AbortSignal): Promise<void> {
    const way = findWrong(bench.template(), id);
    await runWrong(terminal, bench, id, signal);
    progress.say('grading');
    const tried = await bench.all(signal);
    progress.clear();
    terminal.print(`\n${renderTried(terminal, tried)}`);
    const surprises = surprisesOf(way, bench.template().checks, tried.checks);
    for (const { check, expected, found } of surprises) {
      terminal.print(`${colour.red('✗')} ${check}: expected ${expected}, found ${found}`);
    }
    if (surprises.length === 0) terminal.print(`${colour.green('✓')} Exactly the checks fell that should.`);
  }

  function list(): void {
    const rows = bench
      .template()
      .checks.map((one, at) => [String(at + 1), one.id, String(one.points), one.title]);
    const columns = [
      { title: '#', align: 'right' as const },
      { title: 'Check' },
      { title: 'Points', align: 'right' as const },
      { title: 'What', wraps: true },
    ];
    terminal.print(table(terminal, columns, rows));
  }

  async function sql(statement: string): Promise<void> {
    const databases = Object.values(await bench.access()).filter(({ kind }) => kind === 'postgres');
    const url = databases[0]?.facts.url;
    if (typeof url !== 'string') return terminal.print('The lab has no database.');
    const { openSqlSession } = await import('../sql/session.ts');
    const { runStatements } = await import('../sql/once.ts');
    const session = await openSqlSession(url);
    try {
      await runStatements(terminal, session, statement, mostRows);
    } finally {
      await session.close();
    }
  }

  async function run(command: DevCommand, signal: AbortSignal): Promise<void> {
    switch (command.do) {
      case 'quit':
        return;
      case 'help':
        terminal.print(devHelp.map(([what, does]) => `  ${colour.cyan(what.padEnd(16))} ${does}`).join('\n'));
        return;
      case 'again':
        return last === null ? list() : run(last, signal);
      case 'list':
        return list();
      case 'problems': {
        const { problems } = bench.edition();
        return terminal.print(problems.map(formatProblem).join('\n') || 'Nothing is wrong with it.');
      }
      case 'access':
        return terminal.print(renderAccess(terminal, { components: await bench.access() }));
      case 'remake':
        return remake(signal);
      case 'reset':
        progress.say('resetting');
        await bench.reset(signal);
        progress.clear();
        return terminal.print(`${colour.green('✓')} The lab is at its start`);
      case 'all':
        last = command;
        return grade('all', signal);
      case 'check':
        last = command;
        return grade(command.name, signal);
      case 'look': {
        last = command;
        const looks = await bench.look(command.name, signal);
        return terminal.print(looks.map((look) => renderLook(terminal, look)).join('\n'));
      }
      case 'solve':
        await runSolution(terminal, bench, command.name, signal);
        return;
      case 'step':
        await runStep(terminal, bench, command.name, signal);
        return;
      case 'wrong':
        return wrong(command.name, signal);
      case 'watch':
        return watch(command.name);
      case 'sql':
        return sql(command.name);
    }
  }

  function watch(name: string): void {
    if (name === '' || name === 'off') watched = null;
    else watched = name === 'all' ? name : findCheck(bench.template(), name).id;
    terminal.print(watched === null ? 'No check is watched.' : `Every save grades ${watched}.`);
  }

  async function begin(signal: AbortSignal): Promise<void> {
    await remake(signal);
    if (bench.labId() === null) return;
    begun = true;
    terminal.print(renderAccess(terminal, { components: await bench.access() }));
    terminal.print('');
    list();
    terminal.print(`\n${colour.dim('A check by its id or number, all, ? for help, q to leave.')}`);
    if (options.solve !== undefined) {
      await runSolution(terminal, bench, options.solve === true ? '' : options.solve, signal);
    }
    if (options.wrong !== undefined) await wrong(options.wrong, signal);
    if (watched !== null) await grade(watched, signal);
  }

  return {
    run,
    /**
     * After a save that loads. The first makes the lab, shows how to reach it, and does what was asked for at the start;
     * later ones say whether the lab is older than the template, and grade what is watched.
     */
    async saved(signal: AbortSignal): Promise<void> {
      if (!begun) return begin(signal);
      const changed = bench.changed();
      if (bench.labId() === null || (options.fresh === true && changed.length > 0)) {
        if (changed.length > 0) terminal.print(`Changed: ${changed.join(', ')}`);
        await remake(signal);
      } else if (changed.length > 0 && changed.join() !== toldChanged) {
        toldChanged = changed.join();
        terminal.print(
          `${colour.yellow('!')} The lab is made of what has changed: ${changed.join(', ')}. ${colour.bold('r')} makes it anew.`,
        );
      }
      if (watched !== null && bench.labId() !== null) await grade(watched, signal);
    },
    /** What is being made is not what is wanted any more. */
    giveUpMaking: () => making?.abort(),
  };
}
