/** Attacks by programs that the grader runs for the trainee. */
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SandboxHandle } from '../../../src/grading/types.ts';
import { runProgram, searchPath } from '../../../src/sandbox/process/run-program.ts';
import { type Attack, attack, type Outcome, outcome } from '../attack.ts';
import { withLimits } from '../weaker-limits.ts';
import { execLook, fileLook, gradeWorkspace, inWorkspace, type Workspace } from '../workspace-lab.ts';
import { type Graded, type HostileWorld, isWon } from '../world.ts';

type Program = Parameters<typeof runProgram>[0];
type Weaker = (workspace: Workspace) => SandboxHandle;

/** The real runner with other options than the driver gives it. */
const runsWith =
  (options: (folder: string) => Partial<Program>): Weaker =>
  ({ sandbox, folder }) => ({
    ...sandbox,
    exec(_, argv, limits, signal) {
      const usual = { argv, cwd: join(folder, limits.cwd ?? ''), path: searchPath, env: {}, user: null };
      return runProgram({ ...usual, ...options(folder) }, limits, signal);
    },
  });

/** A runner that asks a program to end, and waits until its output is closed. */
const waiting: Weaker = ({ sandbox, folder }) => ({
  ...sandbox,
  exec: (_, [name = '', ...args], { timeoutMs }) =>
    new Promise((resolve) => {
      const start = performance.now();
      execFile(
        name,
        args,
        { cwd: folder, timeout: timeoutMs, killSignal: 'SIGTERM' },
        (error, stdout, stderr) => {
          const [timedOut, durationMs] = [error?.killed === true, performance.now() - start];
          const exitCode = error === null ? 0 : 1;
          resolve({ exitCode, signal: null, stdout, stderr, timedOut, truncated: false, durationMs });
        },
      );
    }),
});

interface Hostile extends Pick<Attack, 'name' | 'defence' | 'off'> {
  /** Files of the workspace; a script is run by itself. */
  readonly files: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
  readonly look?: object;
  readonly that: string;
  readonly message?: string;
  readonly weaker: Weaker;
  /** When the attacker has won; where not said: as any attack on a grading. */
  readonly won?: (graded: Graded, workspace: Workspace) => boolean | Promise<boolean>;
}

const plant = ({ folder }: Workspace, files: Hostile['files']) => {
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), content);
    chmodSync(join(folder, name), 0o755);
  }
};

async function tried(
  world: HostileWorld,
  { files, argv, look, that, message, weaker, won = isWon }: Hostile,
  isWeak: boolean,
  signal: AbortSignal,
): Promise<Outcome> {
  return inWorkspace(world, signal, async (workspace) => {
    plant(workspace, files);
    const sandbox = isWeak ? weaker(workspace) : workspace.sandbox;
    try {
      const graded = await gradeWorkspace(
        world,
        sandbox,
        execLook(argv, { timeout: '1s', ...look }),
        that,
        signal,
        message,
      );
      return outcome(await won(graded, workspace), { ...graded, message: JSON.stringify(graded.message) });
    } finally {
      for (const pid of inhabitants(workspace)) process.kill(pid, 'SIGKILL');
    }
  });
}

const hostile = (one: Hostile): Attack<HostileWorld> => {
  const { name, defence, off } = one;
  return attack({
    family: 'exec',
    name,
    defence,
    off,
    run: (world, signal) => tried(world, one, false, signal),
    control: (world, signal) => tried(world, one, true, signal),
  });
};

/** Processes that work in the workspace. */
function inhabitants({ folder }: Workspace): readonly number[] {
  return readdirSync('/proc').flatMap((entry) => {
    try {
      return /^\d+$/.test(entry) && readlinkSync(`/proc/${entry}/cwd`) === folder ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });
}

/** Whether something still lives there; what is killed takes a moment on a busy machine. */
async function outlives(workspace: Workspace): Promise<boolean> {
  const until = performance.now() + 5_000;
  while (inhabitants(workspace).length > 0) {
    if (performance.now() > until) return true;
    await delay(50);
  }
  return false;
}

const script = (...lines: string[]) => ['#!/bin/sh', ...lines, ''].join('\n');
const definedOf = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );

const pouring: Hostile = {
  name: 'pouring',
  defence: '',
  off: '',
  files: { pour: script('head -c 80000000 /dev/zero') },
  argv: ['./pour'],
  look: { timeout: '2s' },
  that: `f.stdout == 'never'`,
  weaker: ({ sandbox }) => sandbox,
};

const painting = { paint: script(`printf '\\033[2J\\033[HPASSED'`) };

export const execAttacks: readonly Attack<HostileWorld>[] = [
  hostile({
    name: 'a program of their own by the name of one that is asked for',
    defence: 'names are looked for in folders of the system only',
    off: 'the workspace comes first',
    files: { ls: script('echo PASSED'), '.profile': 'PATH=$HOME:$PATH\n', '.bashrc': 'PATH=$HOME:$PATH\n' },
    argv: ['ls'],
    that: `f.stdout.contains('PASSED')`,
    weaker: runsWith((folder) => ({ path: [folder, ...searchPath] })),
  }),
  hostile({
    name: 'NODE_OPTIONS in a file that shells read',
    defence: 'a clean environment, and no shell',
    off: 'the environment that a login shell would have made',
    files: {
      'evil.cjs': `console.log('PASSED'); process.exit(0);`,
      'honest.mjs': `console.log('honest');`,
      '.profile': 'export NODE_OPTIONS="--require ./evil.cjs"\n',
      '.env': 'NODE_OPTIONS="--require ./evil.cjs"\n',
    },
    argv: ['node', 'honest.mjs'],
    look: { timeout: '2s' },
    that: `f.stdout.startsWith('PASSED')`,
    weaker: runsWith(() => ({
      path: [dirname(process.execPath)],
      env: { NODE_OPTIONS: '--require ./evil.cjs' },
    })),
  }),
  hostile({
    name: 'reading the environment of Labwright itself',
    defence: 'a clean environment',
    off: 'ours is handed on',
    files: {},
    argv: ['env'],
    // What runs these tests leaves its name there.
    that: `f.stdout.contains('VITEST')`,
    weaker: runsWith(() => ({ env: definedOf(process.env) })),
    won: ({ verdict }) => verdict === 'pass',
  }),
  attack({
    family: 'exec',
    name: 'output without end',
    defence: 'a cap on output, which ends the program',
    off: 'no cap: execOutputBytes',
    run: (world, signal) => tried(world, pouring, false, signal),
    control: (world, signal) =>
      withLimits({ execOutputBytes: 2 ** 31 }, () => tried(world, pouring, false, signal)),
  }),
  hostile({
    name: 'a program that will not end',
    defence: 'SIGKILL to its whole group when its time is over',
    off: 'SIGTERM',
    files: { stay: script(`trap '' TERM`, 'while :; do sleep 1; done') },
    argv: ['./stay'],
    that: 'f.exitCode == 0',
    weaker: waiting,
    won: (_, workspace) => outlives(workspace),
  }),
  hostile({
    name: 'a child that holds the output open',
    defence: 'its group ends with it, and its output is closed a moment later',
    off: 'a runner that waits until its output is closed',
    files: { leave: script('sleep 30 &', 'setsid sleep 30 &', 'echo done') },
    argv: ['./leave'],
    look: { timeout: '20s' },
    that: `f.exitCode == 0 && f.stdout == 'done\\n'`,
    weaker: waiting,
    // The program did what was asked of it: only who waits for its child does not see that.
    won: ({ verdict }) => verdict !== 'pass',
  }),
  hostile({
    name: 'children by the dozen that outlive it',
    defence: 'SIGKILL to its whole group when it ends',
    off: 'only the program itself is ended',
    files: {
      many: script('i=0; while [ $i -lt 20 ]; do sleep 60 >/dev/null 2>&1 & i=$((i+1)); done', 'echo done'),
    },
    argv: ['./many'],
    that: `f.stdout == 'never'`,
    weaker: waiting,
    won: (_, workspace) => outlives(workspace),
  }),
  attack({
    family: 'exec',
    name: 'output that writes on the terminal',
    defence: 'messages have no control characters',
    off: 'the output as it is',
    run: (world, signal) =>
      inWorkspace(world, signal, async (workspace) => {
        plant(workspace, painting);
        const look = execLook(['./paint']);
        const told = 'It printed {{f.stdout}}.';
        const { message } = await gradeWorkspace(
          world,
          workspace.sandbox,
          look,
          'f.exitCode == 1',
          signal,
          told,
        );
        return outcome(
          message?.includes('PASSED') !== true || message.includes('\u001b'),
          JSON.stringify(message),
        );
      }),
    control: (world, signal) =>
      inWorkspace(world, signal, async (workspace) => {
        plant(workspace, painting);
        const limits = { timeoutMs: 2_000, maxBytes: 1_000 };
        const { stdout } = await workspace.sandbox.exec('workspace', ['./paint'], limits, signal);
        return outcome(`It printed ${stdout}.`.includes('\u001b'), JSON.stringify(stdout));
      }),
  }),
  attack({
    family: 'exec',
    name: 'an exit code that lies',
    defence: 'what a program says is its word: the check looks at what it was to make',
    off: 'a check that believes the exit code',
    run: (world, signal) =>
      inWorkspace(world, signal, async (workspace) => {
        plant(workspace, { migrate: script('exit 0') });
        const ran = await gradeWorkspace(
          world,
          workspace.sandbox,
          execLook(['./migrate']),
          'f.exitCode == 0',
          signal,
        );
        const made = await gradeWorkspace(
          world,
          workspace.sandbox,
          fileLook({ path: 'made.txt' }),
          'f.exists',
          signal,
        );
        return outcome(ran.verdict === 'pass' && made.verdict === 'pass', { ran, made });
      }),
    control: (world, signal) =>
      inWorkspace(world, signal, async (workspace) => {
        plant(workspace, { migrate: script('exit 0') });
        const ran = await gradeWorkspace(
          world,
          workspace.sandbox,
          execLook(['./migrate']),
          'f.exitCode == 0',
          signal,
        );
        return outcome(ran.verdict === 'pass' && !existsSync(join(workspace.folder, 'made.txt')), ran);
      }),
  }),
  attack({
    family: 'exec',
    name: 'a working folder that is a link',
    defence: 'the folder is entered without following links',
    off: 'a runner that joins it to the workspace',
    run: (world, signal) => elsewhere(world, false, signal),
    control: (world, signal) => elsewhere(world, true, signal),
  }),
];

function elsewhere(world: HostileWorld, isWeak: boolean, signal: AbortSignal): Promise<Outcome> {
  return inWorkspace(world, signal, async (workspace) => {
    symlinkSync(workspace.outside, join(workspace.folder, 'sub'));
    const sandbox = isWeak ? runsWith(() => ({}))(workspace) : workspace.sandbox;
    const look = execLook(['ls'], { cwd: 'sub' });
    const graded = await gradeWorkspace(world, sandbox, look, `f.stdout.contains('answer.txt')`, signal);
    return outcome(graded.verdict === 'pass', graded);
  });
}
