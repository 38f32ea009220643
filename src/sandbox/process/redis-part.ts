/** A Redis of the lab's own, in memory only, where the program is installed. */
import { rmSync, writeFileSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../../lab/errors.ts';
import type { RedisComponent } from '../../templates/types.ts';
import { workspaceFolder } from '../naming.ts';
import type { Part, Piece } from '../part.ts';
import type { DeriveSecret } from '../secrets.ts';
import type { ProcessDriverOptions } from './options.ts';
import { fillFolder } from './own-folder.ts';
import { portOf } from './ports.ts';
import type { Program } from './programs.ts';
import { tcpTrouble } from './readiness.ts';
import type { Records } from './records.ts';
import { locate, searchPath } from './run-program.ts';
import type { Runner } from './runner.ts';

const usualMemoryMb = 64;
/** 64 MB take a fraction of a second. */
const saveWithinMs = 10_000;
const host = '127.0.0.1';
const notInstalled =
  'redis-server is not installed on this machine. Install it (apt-get install redis-server, or brew install redis).';

export function createRedisPart(
  records: Records,
  runner: Runner,
  secrets: DeriveSecret,
  { labUser }: Pick<ProcessDriverOptions, 'labUser'>,
): Part<RedisComponent> {
  const portFor = ({ ref }: Piece) => portOf(records, ref.sandboxId, ref.component);
  const passwordOf = ({ ref }: Piece) => secrets(ref, 'redis');

  async function launch(piece: Piece<RedisComponent>) {
    const { ref, spec } = piece;
    const program = locate('redis-server', '/', searchPath);
    if (program === null) throw new LabError('start_failed', notInstalled);
    const memoryMb = spec.limits?.memoryMb ?? usualMemoryMb;
    const folder = join(records.folder(ref.sandboxId), workspaceFolder(ref));
    await fillFolder(folder, new Map(), labUser);
    // A file, for everybody on the machine sees the arguments of a program.
    const config = join(folder, 'redis.conf');
    const lines = [
      `port ${portFor(piece)}`,
      `bind ${host}`,
      `requirepass ${passwordOf(piece)}`,
      `maxmemory ${memoryMb}mb`,
      `dir ${JSON.stringify(folder)}`,
      'save ""',
      'appendonly no',
      'daemonize no',
    ];
    writeFileSync(config, `${lines.join('\n')}\n`, { mode: 0o600 });
    if (labUser !== null) await chown(config, labUser.uid, labUser.gid);
    return {
      program,
      args: [config],
      cwd: folder,
      env: { PATH: searchPath.join(':'), LANG: 'C.UTF-8' },
      user: labUser,
      // Its own bound is on data; buffers and the allocator come on top.
      memoryMb: memoryMb * 2 + 64,
    };
  }

  function programOf(piece: Piece<RedisComponent>): Program {
    return {
      ref: piece.ref,
      title: 'Redis',
      ports: [piece.ref.component],
      startWithinMs: 15_000,
      launch: () => launch(piece),
      trouble: (timeoutMs) =>
        tcpTrouble(portFor(piece), timeoutMs, {
          ask: `AUTH ${passwordOf(piece)}\r\nPING\r\n`,
          expected: '+PONG',
        }),
    };
  }

  const program = runner.part<RedisComponent>(programOf, () => null);
  const dumpOf = ({ ref }: Piece) => join(records.folder(ref.sandboxId), workspaceFolder(ref), 'dump.rdb');

  return {
    ...program,
    async ensure(piece, signal) {
      await program.ensure(piece, signal);
      // What a stop has written was read; after a crash it would be old.
      rmSync(dumpOf(piece), { force: true });
    },
    async stop(piece, signal) {
      // It keeps nothing on disk of itself. One that does not answer has nothing that could be kept.
      const ask = `AUTH ${passwordOf(piece)}\r\nSAVE\r\nPING\r\n`;
      await tcpTrouble(portFor(piece), saveWithinMs, { ask, expected: '+PONG' });
      await program.stop(piece, signal);
    },
    access: (piece) => {
      const [port, password] = [portFor(piece), passwordOf(piece)];
      return { kind: 'redis', url: `redis://:${password}@${host}:${port}`, host, port, password };
    },
    address: (piece, port) => (port === 'main' ? { host, port: portFor(piece) } : null),
    lacks: (component) =>
      locate('redis-server', '/', searchPath) === null
        ? [`Component "${component}" cannot be had: ${notInstalled}`]
        : [],
  };
}
