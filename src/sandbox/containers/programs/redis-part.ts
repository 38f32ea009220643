/** A Redis of the lab's own, in memory only. */
import type { RedisComponent } from '../../../templates/types.ts';
import type { Part, Piece } from '../../part.ts';
import { limitsOf } from '../limits.ts';
import { ownFolderOf, type ProgramNeeds, plainProgram } from './needs.ts';
import type { Program } from './programs.ts';
import type { Runner } from './runner.ts';

const port = 6379;
const usualDataMb = 64;

export function createRedisPart(
  { secrets, images }: Pick<ProgramNeeds, 'secrets' | 'images'>,
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
        entrypoint: ['redis-server'],
        // A file, for everybody who may look at containers sees the arguments of a program.
        command: [config],
        env: { LANG: 'C.UTF-8' },
        ownFolder: folder,
        files: new Map([
          [config, { content: new TextEncoder().encode(`${lines.join('\n')}\n`), mode: 0o600 }],
        ]),
      }),
    };
  }

  return {
    ...runner.part(programOf, () => null),
    access: (piece) => {
      const [host, password] = [piece.ref.component, passwordOf(piece)];
      return { kind: 'redis', url: `redis://:${password}@${host}:${port}`, host, port, password };
    },
    address: ({ ref }, which) => (which === 'main' ? { host: ref.component, port } : null),
    lacks: () => [],
  };
}
