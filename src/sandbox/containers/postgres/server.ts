/**
 * A lab's PostgreSQL server as a container, whoever runs it.
 *
 * What is to be done to the data before the server serves is in files beside it, put there before its first start; each
 * goes when it is done, so that a start that was cut short is done again and a later one does nothing.
 */
import type { PostgresComponent } from '../../../templates/types.ts';
import type { ResourceRef } from '../../naming.ts';
import { limitsOf } from '../limits.ts';
import { type ContainerSpec, labUser } from '../types.ts';

/** Data and archive are here, with the server's first words. */
export const serverHome = '/var/lib/postgresql/lab';
export const serverPort = 5432;
/** The image makes a volume of it, for each container one, unless something else is there. */
export const volumeOfImage = '/var/lib/postgresql/data';

/** Settings that nobody changes. Shared memory is in the data folder: /dev/shm is small. */
export const fixedSettings: readonly string[] = [
  '-c',
  `port=${serverPort}`,
  '-c',
  'unix_socket_directories=',
  '-c',
  'dynamic_shared_memory_type=mmap',
];

const passwords = 'passwords.sql';
const follow = 'standby.signal';
const passfile = 'passfile';

/** `sh -c <this> server <arguments of the server>`, in the folder of the server. The first lines are for what it waits for. */
const startScript = (first: string) => `
set -e
${first}
# Of another container, or of the last start: its number may by now be somebody else's.
rm -f data/postmaster.pid
if [ -e ${follow} ]; then
  mv ${follow} data/standby.signal
fi
if [ -e ${passwords} ]; then
  rm -f data/standby.signal
  # Single-user mode knows no passwords, no access rules and no event triggers: nothing that a trainee has changed
  # keeps it from being done. It also recovers what was copied in full run.
  postgres --single -j -D data -c exit_on_error=on -c fsync=off -c dynamic_shared_memory_type=mmap \\
    -c search_path=pg_catalog template1 < ${passwords} > /dev/null
  rm ${passwords}
fi
exec postgres -D data "$@"
`;

/** What is done to the data before the server's first start. */
export type FirstStart =
  | { readonly as: 'primary'; readonly passwords: string }
  | { readonly as: 'replica'; readonly primary: string; readonly user: string; readonly password: string };

/** A server that is to be made. */
export interface NewServer {
  readonly ref: ResourceRef;
  readonly spec: PostgresComponent;
  readonly first: FirstStart;
}

/** Without its data. @param wait shell's words that are over when the data are there. */
export function serverContainer(
  { ref, spec, first }: NewServer,
  image: string,
  wait: string,
): Omit<ContainerSpec, 'writableRoot'> {
  const server = ['-c', 'listen_addresses=*', ...fixedSettings];
  if (first.as === 'replica') {
    const primary = `host=${first.primary} port=${serverPort} user=${first.user} passfile=${serverHome}/${passfile}`;
    server.push('-c', `primary_conninfo=${primary} application_name=${ref.component}`);
  }
  return {
    ref,
    role: 'component',
    image,
    entrypoint: ['sh', '-c', startScript(wait), 'server'],
    command: server,
    env: { PGDATA: `${serverHome}/data`, LC_ALL: 'C' },
    workingDir: serverHome,
    user: labUser,
    aliases: [ref.component],
    ports: [serverPort],
    network: true,
    mounts: [],
    tmpfs: { [volumeOfImage]: 1 },
    limits: limitsOf(spec),
    // Fast shutdown: sessions are ended, and what is in memory is written.
    stopSignal: 'SIGINT',
  };
}

/** Names in the server's folder, and what is in them before its first start. */
export function firstFiles(first: FirstStart): ReadonlyMap<string, string> {
  if (first.as === 'replica') {
    return new Map([
      [follow, ''],
      [passfile, `*:*:*:*:${first.password}\n`],
    ]);
  }
  // An empty line ends what is sent as one.
  return new Map([[passwords, `${first.passwords.replace(/\n\s*\n/g, '\n').trim()}\n\n`]]);
}

/**
 * Run in its container: a signal to all of the server's processes, and to nothing else that keeps the container. Not the
 * engine's pause: that one means that the server is being copied, and must never be taken back.
 */
export const signalProgram = (signal: 'STOP' | 'CONT'): readonly string[] => [
  'sh',
  '-c',
  `kill -${signal} -1`,
];
