/** How the server is made that labs' servers of one content are copies of: words that are run in its container. */
import { ownInitdb, preparingSettings } from '../../postgres/own-settings.ts';
import { fixedSettings, serverHome, serverPort } from './server.ts';

/** How long one is prepared at most, whatever happens to its maker. */
const preparingSeconds = 3_600;

/** What it may take, for a moment. */
export const preparingLimits = { cpu: 2, memoryMb: 1_024, pids: 256, diskMb: 4_096 } as const;

/**
 * Makes an empty server and serves it to its own container, where nobody else is; the container lives on after its
 * server. What was half made is not gone on with. @param keep shell's words that go on until the container is ended.
 */
export const preparingProgram = (keep: string): readonly string[] => [
  'bash',
  '-c',
  `set -e
   cd ${serverHome}
   initdb -D data -U postgres --no-sync --auth=trust ${ownInitdb.join(' ')}
   timeout ${preparingSeconds} postgres -D data "$@" || true
   ${keep}`,
  'server',
  ...['-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off', ...fixedSettings],
  ...Object.entries(preparingSettings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
];

export const keepPreparing = `exec sleep ${preparingSeconds}`;

/** A connection to the server, as a byte stream. It is over when the server has ended it. */
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
 * When the database is filled: ends the server, and leaves what labs' servers begin with. @param settings of labs'
 * servers, as `postgresql.conf` has them.
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
