/** A Redis of the lab's own, in memory only: what it holds outlives a pause, and neither a crash nor a restart. */
import type { RedisComponent } from '../../../templates/types.ts';
import type { Part, Piece } from '../../part.ts';
import { findContainers } from '../find-containers.ts';
import { limitsOf } from '../limits.ts';
import { ownFolderOf, type ProgramNeeds, plainProgram } from './needs.ts';
import type { Program } from './programs.ts';
import type { Runner } from './runner.ts';

const port = 6379;
const usualDataMb = 64;
/** 64 MB take a fraction of a second. */
const keepLimits = { timeoutMs: 10_000, maxBytes: 1_000 };
// `$1` is its folder. What it has kept is taken once: after a crash it would be old.
const startScript =
  'cd "$1" && { mv -f kept.rdb dump.rdb || rm -f dump.rdb; } 2> /dev/null; exec redis-server redis.conf';
const keepScript = 'cd "$1" && redis-cli SAVE && mv -f dump.rdb kept.rdb';

export function createRedisPart(
  { containers, secrets, images }: Pick<ProgramNeeds, 'containers' | 'secrets' | 'images'>,
  runner: Runner,
): Part<RedisComponent> {
  const passwordOf = ({ ref }: Piece) => secrets(ref, 'redis');

  function programOf(piece: Piece<RedisComponent>): Program {
    const { plan, ref, spec } = piece;
    const folder = ownFolderOf(ref);
    const config = `${folder}/redis.conf`;
    // The template's bound is on data, as on every backend; buffers and the allocator come on top.
    const dataMb = spec.limits?.memoryMb ?? usualDataMb;
    const lines = [
      `port ${port}`,
      'bind 0.0.0.0',
      `requirepass ${passwordOf(piece)}`,
      `maxmemory ${dataMb}mb`,
      `dir ${folder}`,
      'save ""',
      'appendonly no',
      'daemonize no',
    ];
    return {
      plan,
      ref,
      title: 'Redis',
      startWithinMs: 15_000,
      ready: { by: 'tcp', port, talk: { ask: `AUTH ${passwordOf(piece)}\r\nPING\r\n`, expected: '+PONG' } },
      container: async () => ({
        ...plainProgram(piece),
        limits: { ...limitsOf(spec), memoryMb: dataMb * 2 },
        image: images.redis,
        ports: [port],
        entrypoint: ['sh', '-c', startScript],
        // A file has the password, for everybody who may look at containers sees the arguments of a program.
        command: ['redis', folder],
        env: { LANG: 'C.UTF-8' },
        ownFolder: folder,
        files: new Map([
          [config, { content: new TextEncoder().encode(`${lines.join('\n')}\n`), mode: 0o600 }],
        ]),
      }),
    };
  }

  /** It keeps nothing on disk of itself. One that does not run, or does not answer, has nothing that could be kept. */
  async function keep(piece: Piece<RedisComponent>, signal: AbortSignal): Promise<void> {
    const [newest] = await findContainers(containers, piece.ref, signal);
    if (newest?.state !== 'running') return;
    const argv = ['sh', '-c', keepScript, 'redis', ownFolderOf(piece.ref)];
    const env = { REDISCLI_AUTH: passwordOf(piece) };
    try {
      await containers.exec(newest.id, { argv, env, cwd: '/' }, keepLimits, signal);
    } catch (thrown) {
      if ((await containers.ending(newest.id, signal)) === null) throw thrown;
    }
  }

  const program = runner.part<RedisComponent>(programOf, () => null);

  return {
    ...program,
    async stop(piece, signal) {
      await keep(piece, signal);
      await program.stop(piece, signal);
    },
    access: (piece) => {
      const [host, password] = [piece.ref.component, passwordOf(piece)];
      return { kind: 'redis', url: `redis://:${password}@${host}:${port}`, host, port, password };
    },
    address: ({ ref }, which) => (which === 'main' ? { host: ref.component, port } : null),
    lacks: () => [],
  };
}
