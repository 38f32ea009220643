/**
 * The container of a lab's PostgreSQL server. Data and archive lie in its own layer: a copy of both is an image.
 *
 * What is to be done to the data before the server serves is in files beside it, put there before the container's first
 * start; each goes when it is done, so that a start that was cut short is done again and a later one does nothing.
 */
import type { PostgresComponent } from '../../../templates/types.ts';
import { limitsOf } from '../../containers/limits.ts';
import { type ContainerSpec, labUser } from '../../containers/types.ts';
import type { ResourceRef } from '../../naming.ts';

/** The user of the image can write here, and only here. */
const serverHome = '/var/lib/postgresql/lab';
export const serverPort = 5432;
/** The image makes a volume of it, for each container one, unless something else is there. */
const volumeOfImage = '/var/lib/postgresql/data';

/** Settings that nobody changes. Shared memory is in the data folder: /dev/shm is small. */
const fixed = [
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

/** `sh -c <this> server <arguments of the server>`, in the folder of the server. */
const startScript = `
set -e
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

/** @param image with the data in it. */
export function serverContainer(
  ref: ResourceRef,
  spec: PostgresComponent,
  image: string,
  first: FirstStart,
): ContainerSpec {
  const server = ['-c', 'listen_addresses=*', ...fixed];
  if (first.as === 'replica') {
    const primary = `host=${first.primary} port=${serverPort} user=${first.user} passfile=${serverHome}/${passfile}`;
    server.push('-c', `primary_conninfo=${primary} application_name=${ref.component}`);
  }
  return {
    ref,
    role: 'component',
    image,
    entrypoint: ['sh', '-c', startScript, 'server'],
    command: server,
    env: { PGDATA: `${serverHome}/data`, LC_ALL: 'C' },
    workingDir: serverHome,
    user: labUser,
    aliases: [ref.component],
    network: true,
    mounts: [],
    files: filesOf(first),
    writableRoot: true,
    tmpfs: { [volumeOfImage]: 1 },
    limits: limitsOf(spec),
    // Fast shutdown: sessions are ended, and what is in memory is written.
    stopSignal: 'SIGINT',
  };
}

function filesOf(first: FirstStart): NonNullable<ContainerSpec['files']> {
  const file = (name: string, text: string) =>
    [`${serverHome}/${name}`, { content: new TextEncoder().encode(text), mode: 0o600 }] as const;
  if (first.as === 'replica') {
    return new Map([file(follow, ''), file(passfile, `*:*:*:*:${first.password}\n`)]);
  }
  // An empty line ends what is sent as one.
  return new Map([file(passwords, `${first.passwords.replace(/\n\s*\n/g, '\n').trim()}\n\n`)]);
}

/**
 * Run in its container: a signal to all of the server's processes. Not the engine's pause: that one means that the server
 * is being copied, and must never be taken back.
 */
export const signalProgram = (signal: 'STOP' | 'CONT'): readonly string[] => [
  'sh',
  '-c',
  `kill -${signal} -1`,
];

/** How long one is prepared at most, whatever happens to its maker. */
const preparingSeconds = 3_600;

/** Makes an empty server and serves it to its own container, where nobody else is. */
export function preparingContainer(
  ref: ResourceRef,
  image: string,
  initdb: readonly string[],
  settings: Readonly<Record<string, string>>,
): ContainerSpec {
  const server = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return {
    ref,
    role: 'job',
    image,
    entrypoint: ['bash', '-c', preparingScript(initdb), 'server'],
    command: ['-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off', ...fixed, ...server],
    env: { PGDATA: `${serverHome}/data`, LC_ALL: 'C' },
    user: labUser,
    aliases: [],
    network: false,
    mounts: [],
    writableRoot: true,
    tmpfs: { [volumeOfImage]: 1 },
    limits: { cpu: 2, memoryMb: 1_024, pids: 256, diskMb: 4_096 },
  };
}

/** The container lives on after its server, to be copied. What was half made is not gone on with. */
const preparingScript = (initdb: readonly string[]) => `
set -e
mkdir ${serverHome}
cd ${serverHome}
initdb -D data -U postgres --no-sync --auth=trust ${initdb.join(' ')}
timeout ${preparingSeconds} postgres -D data "$@" || true
exec sleep ${preparingSeconds}
`;

/** What the log of a server says when it serves. */
export const servesLine = 'database system is ready to accept connections';

/** Run in its container: ends it when its maker, who holds the input open, is gone. */
export const guardProgram: readonly string[] = ['sh', '-c', 'cat > /dev/null; kill -TERM 1'];

/** Run in its container: a connection to the server, as a byte stream. It is over when the server has ended it. */
export const connectProgram: readonly string[] = [
  'bash',
  '-c',
  `exec 3<>/dev/tcp/127.0.0.1/${serverPort} || exit 1
   exec 4<&0
   cat <&4 >&3 &
   exec cat <&3`,
];

/** The last word of `finishProgram` when it has done all. */
export const finished = 'finished';

/**
 * Run in its container when the database is filled: ends the server, and leaves what labs' servers begin with. The
 * first argument is the settings.
 */
export const finishProgram = (settings: string, hasArchive: boolean): readonly string[] => [
  'bash',
  '-c',
  `exec 2>&1
   set -e
   cd ${serverHome}
   pg_ctl stop -D data -m fast -w > /dev/null
   # What was counted meanwhile is not the lab's: its tables were never vacuumed, and nobody has asked anything.
   rm -f data/pg_stat/*
   printf '\\n%s' "$1" >> data/postgresql.conf
   printf '%s\\n' 'host all all all scram-sha-256' 'host replication all all scram-sha-256' > data/pg_hba.conf
   ${hasArchive ? 'mkdir -m 700 archive' : ''}
   echo ${finished}`,
  'finish',
  settings,
];
