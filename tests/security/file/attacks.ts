/** Attacks on whoever reads the trainee's files. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { SandboxHandle } from '../../../src/grading/types.ts';
import { type Attack, attack, outcome } from '../attack.ts';
import { hangs } from '../waiting.ts';
import {
  answer,
  fileLook,
  gradeWorkspace,
  inWorkspace,
  tryWorkspace,
  type Workspace,
} from '../workspace-lab.ts';
import type { HostileWorld } from '../world.ts';
import { boundless, trusting } from './naive.ts';

const isAnswer = `f.exists && f.text == '${answer}'`;
const one = { path: 'work/answer.txt' };
const sparse = (path: string, bytes: number) => {
  writeFileSync(path, '');
  truncateSync(path, bytes);
};

/** What the trainee puts there, read by the real reader and by a trusting one. */
const planted = (
  name: string,
  defence: string,
  plant: (workspace: Workspace) => void,
): Attack<HostileWorld> => {
  const tried = (world: HostileWorld, trust: boolean, signal: AbortSignal) =>
    inWorkspace(world, signal, async (workspace) => {
      plant(workspace);
      const sandbox = trust ? trusting(workspace.sandbox) : workspace.sandbox;
      return tryWorkspace(world, sandbox, fileLook(one), isAnswer, signal);
    });
  return attack({
    family: 'file',
    name,
    defence,
    off: 'a reader that opens what the path leads to',
    run: (world, signal) => tried(world, false, signal),
    control: (world, signal) => tried(world, true, signal),
  });
};

/** The trainee makes the file or its folder something else between two looks at it, over and over. */
const swapped = (name: string, swap: (workspace: Workspace) => () => void): Attack<HostileWorld> =>
  attack({
    family: 'file',
    name,
    defence: 'each part is opened beneath the one before, and what was opened is what is looked at',
    off: 'a reader that looks at the path first and reads it then',
    run: (world, signal) =>
      inWorkspace(world, signal, async (workspace) => {
        const flip = swap(workspace);
        let isOver = false;
        const flipping = (async () => {
          // Out of step with the reader, which would otherwise meet it in the same place each time.
          for (let wait = 0; !isOver; wait = (wait + 1) % 5) {
            for (let n = 0; n <= wait; n += 1) await turn();
            flip();
          }
        })();
        let read = 0;
        let leaked = 0;
        for (let round = 0; round < 300; round += 1) {
          const query = { glob: one.path, maxFiles: 1, maxBytesEach: 1_000 };
          const [found] = await workspace.sandbox.readFiles('workspace', query, signal);
          if (found !== undefined) read += 1;
          if (Buffer.from(found?.content ?? '').toString() === answer) leaked += 1;
        }
        isOver = true;
        await flipping;
        return outcome(leaked > 0 || read === 0, `${read} read, ${leaked} from outside`);
      }),
    control: (world, signal) =>
      inWorkspace(world, signal, async (workspace) => {
        const flip = swap(workspace);
        return tryWorkspace(world, trusting(workspace.sandbox, flip), fileLook(one), isAnswer, signal);
      }),
  });

/** Wins when more is read than the grader may hold, or it suffers otherwise. */
const huge = (name: string, defence: string, spec: object, plant: (workspace: Workspace) => void) => {
  const tried = (world: HostileWorld, bounded: boolean, signal: AbortSignal) =>
    inWorkspace(world, signal, async (workspace) => {
      plant(workspace);
      const reader = counted(bounded ? workspace.sandbox : boundless(workspace.sandbox));
      const that = 'f.exists && f.files.size() == 1';
      const { succeeded, seen } = await tryWorkspace(world, reader.sandbox, fileLook(spec), that, signal);
      return outcome(
        succeeded || reader.bytes() > 64 * megabyte,
        `${reader.bytes()} bytes were read; ${seen}`,
      );
    });
  return attack<HostileWorld>({
    family: 'file',
    name,
    defence,
    off: 'a reader without caps',
    run: (world, signal) => tried(world, true, signal),
    control: (world, signal) => tried(world, false, signal),
  });
};

function counted(sandbox: SandboxHandle): { readonly sandbox: SandboxHandle; bytes(): number } {
  let bytes = 0;
  return {
    bytes: () => bytes,
    sandbox: {
      ...sandbox,
      async readFiles(...asked) {
        const found = await sandbox.readFiles(...asked);
        for (const { content } of found) bytes += content?.byteLength ?? 0;
        return found;
      },
    },
  };
}

const megabyte = 1024 * 1024;
const evilName = 'ok\u001b[2J\u001b[H\nPASSED';

export const fileAttacks: readonly Attack<HostileWorld>[] = [
  planted('a link to a file outside', 'links are not followed', ({ folder, outside }) =>
    symlinkSync(join(outside, 'answer.txt'), join(folder, one.path)),
  ),
  planted('a folder that is a link', 'links are not followed on the way, either', ({ folder, outside }) => {
    rmSync(join(folder, 'work'), { recursive: true });
    symlinkSync(outside, join(folder, 'work'));
  }),
  attack({
    family: 'file',
    name: 'a path of dots that leads out',
    defence: 'the driver refuses a path with ".."',
    off: 'a reader that joins it to the folder',
    run: (world, signal) => dotted(world, false, signal),
    control: (world, signal) => dotted(world, true, signal),
  }),
  swapped('a file that becomes a link while it is read', ({ folder, outside }) => {
    const [there, file, link] = ['answer.txt', 'file', 'link'].map((name) => join(folder, 'work', name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(there, 'honest');
    let isLink = false;
    return () => {
      if (isLink) writeFileSync(file, 'honest');
      else symlinkSync(join(outside, 'answer.txt'), link);
      renameSync(isLink ? file : link, there);
      isLink = !isLink;
    };
  }),
  swapped('a folder that becomes a link while it is entered', ({ folder, outside }) => {
    const [there, real, link] = ['work', 'real', 'link'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(join(there, 'answer.txt'), 'honest');
    symlinkSync(outside, link);
    let isLink = false;
    return () => {
      renameSync(there, isLink ? link : real);
      renameSync(isLink ? real : link, there);
      isLink = !isLink;
    };
  }),
  attack({
    family: 'file',
    name: 'a pipe that nobody writes to',
    defence: 'opened without waiting; only regular files are read',
    off: 'a reader that opens what the path leads to',
    run: (world, signal) =>
      piped(world, signal, ({ sandbox }) => tryWorkspace(world, sandbox, fileLook(one), isAnswer, signal)),
    control: (world, signal) =>
      piped(world, signal, async ({ sandbox, folder }) => {
        const reading = trusting(sandbox).readFiles(
          'workspace',
          { glob: one.path, maxFiles: 1, maxBytesEach: 1 },
          signal,
        );
        const hung = await hangs((stop) =>
          Promise.race([
            reading,
            new Promise((_, reject) => {
              stop.onabort = reject;
            }),
          ]),
        );
        // A writer that comes and goes lets it end.
        closeSync(openSync(join(folder, one.path), constants.O_WRONLY | constants.O_NONBLOCK));
        await reading;
        return outcome(hung, `hung: ${hung}`);
      }),
  }),
  huge(
    'three hundred files of a megabyte',
    'caps on how many and how much; read only once they are chosen',
    { glob: 'work/**', parse: 'text' },
    ({ folder }) => {
      for (let n = 0; n < 300; n += 1) sparse(join(folder, 'work', `f${n}`), megabyte);
    },
  ),
  huge(
    'a file of 200 MB that takes no room',
    'a size cap, looked at before anything is read',
    one,
    ({ folder }) => sparse(join(folder, one.path), 200 * megabyte),
  ),
  attack({
    family: 'file',
    name: 'a name that writes on the terminal',
    defence: 'messages have no control characters',
    off: 'the name as it is',
    run: (world, signal) => named(world, signal, ({ message }) => message ?? ''),
    control: (world, signal) => named(world, signal, (_, paths) => `Found ${paths[0]}.`),
  }),
];

async function dotted(world: HostileWorld, trust: boolean, signal: AbortSignal) {
  return inWorkspace(world, signal, async ({ sandbox, folder, outside }) => {
    const path = `${'../'.repeat(folder.split('/').length)}${outside.slice(1)}/answer.txt`;
    const reader = trust ? trusting(sandbox) : sandbox;
    const read = reader.readFiles('workspace', { glob: path, maxFiles: 1, maxBytesEach: 1_000 }, signal);
    const seen = await read.then(([found]) => Buffer.from(found?.content ?? '').toString(), String);
    return outcome(seen === answer, seen);
  });
}

async function piped<T>(
  world: HostileWorld,
  signal: AbortSignal,
  work: (workspace: Workspace) => Promise<T>,
) {
  return inWorkspace(world, signal, (workspace) => {
    execFileSync('mkfifo', [join(workspace.folder, one.path)]);
    return work(workspace);
  });
}

async function named(
  world: HostileWorld,
  signal: AbortSignal,
  told: (graded: { readonly message: string | null }, paths: readonly string[]) => string,
) {
  return inWorkspace(world, signal, async ({ sandbox, folder }) => {
    mkdirSync(join(folder, 'work', 'in'));
    writeFileSync(join(folder, 'work', 'in', evilName), '');
    const look = fileLook({ glob: 'work/in/*' });
    const graded = await gradeWorkspace(
      world,
      sandbox,
      look,
      'f.files.size() == 0',
      signal,
      'Found {{f.files[0].path}}.',
    );
    const found = await sandbox.readFiles(
      'workspace',
      { glob: 'work/in/*', maxFiles: 2, maxBytesEach: 0 },
      signal,
    );
    const text = told(
      graded,
      found.map(({ path }) => path),
    );
    return outcome(text.includes('\u001b') || !text.includes('PASSED'), JSON.stringify(text));
  });
}
