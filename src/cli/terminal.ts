import pc from 'picocolors';
import { wantsColour } from '../config.ts';
import { createProgress, type Progress } from './progress.ts';

export type Colours = ReturnType<typeof pc.createColors>;

/** Where a command writes: answers to stdout, everything on the way there to stderr. */
export interface Terminal {
  readonly json: boolean;
  readonly debug: boolean;
  /** Of stdout. */
  readonly colour: Colours;
  /** Of stderr. */
  readonly noteColour: Colours;
  /** Columns of stdout. */
  readonly width: number;
  readonly interactive: boolean;
  /** The command's answer: the value with `--json`, else what `human` makes of it. */
  answer(value: unknown, human: () => string): void;
  /** A line of the answer for people; nothing with `--json`. */
  print(line: string): void;
  /** One line of a JSON stream. */
  stream(value: unknown): void;
  /** A line beside the answer, on stderr; nothing with `--json`. */
  note(line: string): void;
  progress(): Progress;
}

export interface Look {
  readonly json: boolean;
  readonly debug: boolean;
  /** False: `--no-color`. */
  readonly colour: boolean;
}

export function createTerminal(look: Look): Terminal {
  const { stdout, stderr } = process;
  const noteColour = pc.createColors(look.colour && wantsColour(stderr.isTTY === true));
  const print = (line: string) => {
    if (!look.json) stdout.write(`${line}\n`);
  };
  const note = (line: string) => {
    if (!look.json) stderr.write(`${line}\n`);
  };
  return {
    json: look.json,
    debug: look.debug,
    colour: pc.createColors(look.colour && wantsColour(stdout.isTTY === true)),
    noteColour,
    width: stdout.isTTY ? Math.max(40, stdout.columns ?? 100) : 120,
    interactive: process.stdin.isTTY === true && stdout.isTTY === true,
    answer(value, human) {
      if (look.json) stdout.write(`${JSON.stringify(value, null, 2)}\n`);
      else print(human());
    },
    print,
    stream(value) {
      stdout.write(`${JSON.stringify(value)}\n`);
    },
    note,
    progress: () => createProgress(stderr, noteColour, look.json ? 'off' : stderr.isTTY ? 'line' : 'log'),
  };
}
