/** The prompt of `template dev`: what is typed and what is saved, one after the other. */
import { createInterface } from 'node:readline';
import { type Edition, errorsOf } from '../../authoring/edition.ts';
import { signatureOf, watchFolder } from '../../authoring/folder-watch.ts';
import type { Workbench } from '../../authoring/workbench.ts';
import { formatProblem } from '../../templates/problem.ts';
import type { Cli } from '../cli.ts';
import type { PrivateWorld } from '../private-runtime.ts';
import type { Terminal } from '../terminal.ts';
import type { DevOptions } from './dev.ts';
import { createActions } from './dev-actions.ts';
import { parseDevCommand } from './dev-command.ts';
import { createTurns } from './dev-turns.ts';

/** One slip in YAML makes many: the first ones say where it is. */
const mostErrors = 5;

/** Until the author leaves, the input ends, or Ctrl-C. */
export async function runSession(
  { terminal }: Cli,
  { progress, hold }: PrivateWorld,
  bench: Workbench,
  folder: string,
  options: DevOptions,
): Promise<void> {
  const { colour } = terminal;
  const tell = createTeller(terminal);
  // Before it is read: what is saved from now on is told.
  const known = await signatureOf(folder);
  tell(await bench.read());
  const reader = createInterface({
    input: process.stdin,
    output: process.stdout,
    terminal: terminal.interactive,
    prompt: `${colour.bold('dev')}> `,
  });
  const over = new AbortController();
  const stop = AbortSignal.any([hold.stop, over.signal]);
  const turns = createTurns(terminal, stop, {
    before: () => clearPrompt(terminal),
    ended: progress.clear,
    after: () => {
      if (terminal.interactive && !stop.aborted) reader.prompt(true);
    },
  });
  const actions = createActions(terminal, progress, bench, options);

  reader.on('SIGINT', () => {
    if (!turns.interrupt()) process.kill(process.pid, 'SIGINT');
  });
  reader.on('line', (line) => {
    const command = parseDevCommand(line);
    turns.add(async (signal) => {
      if (command.do === 'quit') over.abort();
      else await actions.run(command, signal);
    });
  });
  const left = new Promise<void>((resolve) => {
    reader.once('close', () => void turns.idle().then(resolve));
    stop.addEventListener('abort', () => resolve(), { once: true });
  });

  turns.add(async (signal) => {
    if (bench.edition().content !== null) await actions.saved(signal);
    else terminal.print('Mend it and save; the lab is made then.');
  });
  const watching = watchFolder(
    folder,
    known,
    async () => {
      const now = await bench.read();
      clearPrompt(terminal);
      tell(now);
      // A lab that is being made of what has changed since is not waited for.
      if (bench.changed().length > 0) actions.giveUpMaking();
      if (now.content !== null) turns.add((signal) => actions.saved(signal));
    },
    stop,
  );
  try {
    await left;
  } finally {
    over.abort();
    reader.close();
    await turns.idle();
    await watching;
  }
  hold.stop.throwIfAborted();
}

/** Tells what is wrong now, after a save also what is so no longer; each warning once a session. */
function createTeller(terminal: Terminal) {
  const { colour } = terminal;
  const told = new Set<string>();
  let hadErrors: boolean | null = null;
  return (edition: Edition): void => {
    const errors = errorsOf(edition);
    for (const one of errors.slice(0, mostErrors)) terminal.print(`${colour.red('✗')} ${formatProblem(one)}`);
    const more = errors.length - mostErrors;
    if (more > 0) terminal.print(colour.dim(`  and ${more} more; \`problems\` shows all`));
    for (const one of edition.problems) {
      const text = formatProblem(one);
      if (one.severity === 'warning' && !told.has(text)) terminal.print(`${colour.yellow('!')} ${text}`);
      told.add(text);
    }
    if (errors.length === 0 && hadErrors !== null) {
      terminal.print(`${colour.green('✓')} ${hadErrors ? 'mended, it loads again' : 'saved, it loads'}`);
    }
    hadErrors = errors.length > 0;
  };
}

function clearPrompt(terminal: Terminal): void {
  if (terminal.interactive) process.stdout.write('\r\x1b[2K');
}
