/** Attacks on graders that look at files of a workspace, or run programs in it, on a lab in containers. */
import { type Attack, attack, outcome } from '../attack.ts';
import { type ContainerWorld, secret } from './container-world.ts';

type In = Attack<ContainerWorld>;

const query = { maxFiles: 100, maxBytesEach: 100_000 };

/** What the grader reads of files that match. */
async function read(world: ContainerWorld, glob: string, signal: AbortSignal): Promise<string> {
  const found = await world.driver.readFiles(world.mine, 'workspace', { ...query, glob }, signal);
  return found.map(({ content }) => Buffer.from(content ?? []).toString()).join('\n');
}

/** The same file read by a program in the gateway that knows of no dangers. */
async function naively(world: ContainerWorld, path: string, signal: AbortSignal, timeoutMs = 5_000) {
  const id = await world.containerOf(world.mine, 'gateway_');
  const argv = ['cat', `/workspaces/workspace/1/${path}`];
  return world.containers.exec(
    id,
    { argv, env: { PATH: '/usr/bin:/bin' }, cwd: '/' },
    { timeoutMs, maxBytes: 100_000 },
    signal,
  );
}

const packageFile = '"name": "labwright"';

export const workspaceAttacks: readonly In[] = [
  attack<ContainerWorld>({
    family: 'file',
    name: "leads the grader of a container to the gateway's own files by a link",
    defence: 'links are not followed',
    off: 'a reader that follows them',
    run: async (world, signal) => {
      await world.asTrainee('ln -sfn /app/package.json answer.txt');
      const seen = await read(world, 'answer.txt', signal);
      return outcome(seen.includes(packageFile), seen);
    },
    control: async (world, signal) => {
      await world.asTrainee('ln -sfn /app/package.json answer.txt');
      const { stdout, stderr } = await naively(world, 'answer.txt', signal);
      return outcome(stdout.includes(packageFile), stdout + stderr);
    },
  }),
  attack<ContainerWorld>({
    family: 'file',
    name: 'leads the grader of a container through a folder that is a link',
    defence: 'links are not followed on the way either',
    off: 'a reader that follows them',
    run: async (world, signal) => {
      await world.asTrainee('ln -sfn /app folder');
      const seen = await read(world, 'folder/package.json', signal);
      return outcome(seen.includes(packageFile), seen);
    },
    control: async (world, signal) => {
      await world.asTrainee('ln -sfn /app folder');
      const { stdout, stderr } = await naively(world, 'folder/package.json', signal);
      return outcome(stdout.includes(packageFile), stdout + stderr);
    },
  }),
  attack<ContainerWorld>({
    family: 'file',
    name: 'holds the grader of a container at a pipe that nobody writes to',
    defence: 'only regular files are opened',
    off: 'a reader that opens anything',
    run: async (world, signal) => {
      await world.asTrainee('rm -f held; mkfifo held');
      const started = performance.now();
      const seen = await read(world, 'held', AbortSignal.any([signal, AbortSignal.timeout(20_000)])).catch(
        String,
      );
      return outcome(seen !== '', { seen, ms: performance.now() - started });
    },
    control: async (world, signal) => {
      await world.asTrainee('rm -f held; mkfifo held');
      const { timedOut } = await naively(world, 'held', signal, 1_500);
      return outcome(timedOut, timedOut);
    },
  }),
  attack<ContainerWorld>({
    family: 'file',
    name: "has the grader write over a file of the gateway's by a link",
    defence: 'links are not followed when files are written',
    off: 'a writer that follows them',
    run: async (world, signal) => {
      await world.asTrainee('ln -sfn /tmp/of-the-gateway target.txt');
      const writing = world.driver.writeFile(
        world.mine,
        'workspace',
        'target.txt',
        Buffer.from(secret),
        signal,
      );
      const refused = await writing.then(
        () => 'it was written',
        (thrown: unknown) => String(thrown),
      );
      const id = await world.containerOf(world.mine, 'gateway_');
      const asked = { argv: ['cat', '/tmp/of-the-gateway'], env: { PATH: '/usr/bin:/bin' }, cwd: '/' };
      const { stdout } = await world.containers.exec(
        id,
        asked,
        { timeoutMs: 5_000, maxBytes: 1_000 },
        signal,
      );
      return outcome(stdout === secret, refused);
    },
    control: async (world, signal) => {
      await world.asTrainee('ln -sfn /tmp/of-the-gateway target.txt');
      const id = await world.containerOf(world.mine, 'gateway_');
      const write =
        'printf %s "$1" > /workspaces/workspace/1/target.txt; cat /tmp/of-the-gateway; rm -f /tmp/of-the-gateway';
      const asked = { argv: ['sh', '-c', write, 'sh', secret], env: { PATH: '/usr/bin:/bin' }, cwd: '/' };
      const { stdout, stderr } = await world.containers.exec(
        id,
        asked,
        { timeoutMs: 5_000, maxBytes: 1_000 },
        signal,
      );
      return outcome(stdout === secret, stdout + stderr);
    },
  }),
  attack<ContainerWorld>({
    family: 'exec',
    name: 'goes on in a container after its time, and hears of nothing',
    defence: 'it is killed with its group at its limit',
    off: 'a limit that is far away',
    run: async (world) => outcome((await lasts(world, 500)) > 5_500, await lasts(world, 500)),
    control: async (world) => outcome((await lasts(world, 30_000)) > 5_500, 'it went on'),
  }),
];

/** Milliseconds until a program that ignores what it is told is over. */
async function lasts(world: ContainerWorld, timeoutMs: number): Promise<number> {
  const started = performance.now();
  const argv = ['bash', '-c', "trap '' TERM INT HUP; sleep 6; sleep 0"];
  const limits = { timeoutMs, maxBytes: 1_000 };
  await world.driver.exec(world.mine, 'workspace', argv, limits, AbortSignal.timeout(60_000));
  return performance.now() - started;
}
