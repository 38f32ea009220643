/** A person before a terminal in a lab, or a script in their place. */
import { buffer } from 'node:stream/consumers';
import { type Closing, exitCodeOf } from '../../terminal/protocol.ts';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { createEscape } from './connect-escape.ts';
import { endedBy, type Opened, openSocket, sendBytes, type Target } from './connect-socket.ts';

/** @returns the shell's exit code. Throws CliError when something else ended it. */
export async function openTerminal(cli: Cli, target: Target): Promise<number> {
  const isPerson = cli.terminal.interactive && !cli.terminal.json;
  return isPerson ? sit(cli, target) : runScript(cli, target);
}

async function sit({ terminal, interrupts }: Cli, target: Target): Promise<number> {
  const { stdin, stdout } = process;
  const size = () => ({ cols: clamp(stdout.columns, 80), rows: clamp(stdout.rows, 24) });
  const { cols, rows } = size();
  const { socket, closed } = await openSocket(target, 'terminal', { cols: String(cols), rows: String(rows) });
  const hold = interrupts.hold();
  const leave = () => socket.close();
  hold.stop.addEventListener('abort', leave, { once: true });
  let left = hold.stop.aborted;
  const resize = () => socket.send(JSON.stringify({ resize: size() }), { binary: false });
  const watchKeys = createEscape();
  const type = (keys: Buffer) => {
    const { bytes, leaves } = watchKeys(keys);
    if (bytes.byteLength > 0) void sendBytes(socket, bytes);
    if (!leaves) return;
    left = true;
    leave();
  };
  socket.on('message', (data: Buffer, isBinary) => {
    // What the screen does not take is not taken from the server either.
    if (!isBinary || stdout.write(data)) return;
    socket.pause();
    stdout.once('drain', () => socket.resume());
  });
  // Also where something throws: a terminal that stays raw takes no Ctrl-C.
  const restore = () => stdin.setRawMode(false);
  process.once('exit', restore);
  try {
    stdin.setRawMode(true);
    stdin.on('data', type);
    stdout.on('resize', resize);
    resize();
    socket.resume();
    const closing = await closed;
    // A shell that ended itself has tidied up.
    if (exitCodeOf(closing) === null) stdout.write(plainScreen);
    return codeOf(closing, left || hold.stop.aborted);
  } finally {
    stdin.off('data', type).pause();
    stdout.off('resize', resize);
    restore();
    process.off('exit', restore);
    hold.release();
    if (left) terminal.note('\nLeft the terminal.');
  }
}

/** Takes back what a program may have switched on: another screen, the mouse, bracketed pasting, a hidden cursor, colours. */
const plainScreen = '\x1b[?1049l\x1b[?1000;1002;1003;1006l\x1b[?2004l\x1b[?25h\x1b[0m';

/** Without a person: what comes from stdin is run as a script, and only what it prints is seen. */
async function runScript({ terminal, interrupts }: Cli, target: Target): Promise<number> {
  const script = await buffer(process.stdin);
  if (script.byteLength > mostScriptBytes) {
    const text = `stdin: found ${script.byteLength} bytes; allowed are ${mostScriptBytes}.`;
    throw new CliError('usage', 'bad_usage', text);
  }
  const hold = interrupts.hold();
  const opened = await openSocket(target, 'terminal', { cols: '120', rows: '40' });
  hold.stop.addEventListener('abort', () => opened.socket.close(), { once: true });
  try {
    const kept: Buffer[] = [];
    const closing = await play(opened, script, (bytes) => {
      if (terminal.json) kept.push(bytes);
      return terminal.json || process.stdout.write(bytes);
    });
    const exitCode = codeOf(closing, false);
    if (terminal.json) terminal.stream({ exitCode, output: Buffer.concat(kept).toString('utf8') });
    return exitCode;
  } finally {
    hold.release();
  }
}

const mostScriptBytes = 1_048_576;
/** Printed once the terminal echoes nothing any more: all before it is greeting, prompt and echo. */
const begins = 0x1e;

/** The shell is told to take so many bytes as they are, and to run them; then it gets them. */
async function play(
  { socket, closed }: Opened,
  script: Buffer,
  show: (bytes: Buffer) => boolean,
): Promise<Closing> {
  let hasBegun = false;
  const print = (bytes: Buffer) => {
    if (bytes.byteLength === 0 || show(bytes)) return;
    socket.pause();
    process.stdout.once('drain', () => socket.resume());
  };
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) return;
    if (hasBegun) return print(data);
    const at = data.indexOf(begins);
    if (at === -1) return;
    hasBegun = true;
    void sendBytes(socket, script);
    print(data.subarray(at + 1));
  });
  socket.resume();
  // Raw: no echo, no signals, no line is too long, and every line ends as the program ended it.
  const run = `stty raw -echo; printf "\\036"; head -c ${script.byteLength} | "$0"`;
  await sendBytes(socket, Buffer.from(`exec sh -c '${run}' "\${BASH:-sh}"\n`));
  return closed;
}

function codeOf(closing: Closing, left: boolean): number {
  const exit = exitCodeOf(closing);
  if (exit !== null) return exit;
  if (left) return 0;
  throw endedBy(closing);
}

function clamp(side: number | undefined, usual: number): number {
  return Math.min(1_000, Math.max(1, side ?? usual));
}
