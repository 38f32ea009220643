/** How labs' own servers are set up. */
import type { PostgresComponent } from '../../templates/types.ts';

const usualSharedMb = 32;

/** Arguments of initdb: small WAL files, so that a new server is small and an archive shows something soon. */
export const ownInitdb: readonly string[] = ['--wal-segsize=1'];

/** While one is prepared: as little WAL as can be, for all of it is copied to each lab. */
export const preparingSettings: Readonly<Record<string, string>> = {
  max_connections: '20',
  min_wal_size: '2MB',
  wal_recycle: 'off',
  jit: 'off',
  shared_preload_libraries: 'pg_stat_statements',
  dynamic_shared_memory_type: 'mmap',
};

/** What a trainee may change, in `postgresql.conf`. */
export function configOf({ archive, limits }: PostgresComponent): string {
  // A quarter of the memory, as PostgreSQL itself advises.
  const sharedMb = limits?.memoryMb === undefined ? usualSharedMb : Math.max(8, limits.memoryMb / 4);
  const settings: Record<string, string> = {
    max_connections: '80',
    shared_buffers: `${Math.round(sharedMb)}MB`,
    // A killed server loses nothing of it, only a crashed machine does, and then labs are made anew.
    fsync: 'off',
    // What is copied while the server runs holds all that was committed.
    synchronous_commit: 'on',
    full_page_writes: 'on',
    wal_level: 'replica',
    max_wal_senders: '5',
    wal_keep_size: '64MB',
    wal_retrieve_retry_interval: '200ms',
    min_wal_size: '8MB',
    max_wal_size: '256MB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    password_encryption: 'scram-sha-256',
    jit: 'off',
    shared_preload_libraries: 'pg_stat_statements',
    ...(archive && {
      archive_mode: 'on',
      // Seen from the data folder, so that it is right in a copy of the server, too.
      archive_command:
        'test ! -f ../archive/%f && cp %p ../archive/%f.part && mv ../archive/%f.part ../archive/%f',
    }),
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} = '${value}'\n`)
    .join('');
}
