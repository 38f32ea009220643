/** Databases on the labs' server, which all labs share. */
import { LabError } from '../../lab/errors.ts';
import type { PostgresComponent } from '../../templates/types.ts';
import { componentPart, type Naming } from '../naming.ts';
import type { Part, Piece } from '../part.ts';
import type { Admin } from '../postgres/admin.ts';
import { resetStatistics } from '../postgres/statement-statistics.ts';
import { type LabDatabases, lacksOverlay } from './lab-database.ts';
import { lacksOfPostgres } from './postgres-limits.ts';

export interface PostgresPart extends Part<PostgresComponent> {
  /** Of the sample API's own role. */
  apiUrl(piece: Piece<PostgresComponent>): string;
  /** Forgets the statement statistics of this database, and of no other. */
  resetStatistics(piece: Piece<PostgresComponent>): Promise<void>;
}

export function createPostgresPart(admin: Admin, naming: Naming, databases: LabDatabases): PostgresPart {
  return {
    ensure: (piece, signal) => databases.ensure(piece, signal),
    async observe(piece) {
      const { ref } = piece;
      const [newest] = (await databases.find(ref.sandboxId))
        .filter((database) => database.componentPart === componentPart(ref.component))
        .sort((a, b) => b.generation - a.generation);
      if (newest === undefined) return { state: 'absent', generation: 0, detail: null };
      const serves = newest.open && !lacksOverlay(piece, newest);
      return { state: serves ? 'running' : 'starting', generation: newest.generation, detail: null };
    },
    access: ({ ref }) => ({
      kind: 'postgres',
      host: admin.host,
      port: admin.port,
      database: naming.database(ref),
      trainee: databases.credentials(ref, 't'),
      checker: databases.credentials(ref, 'c'),
      grader: databases.credentials(ref, 'g'),
      apiRole: databases.credentials(ref, 'a').user,
    }),
    address: (_piece, port) => (port === 'main' ? { host: admin.host, port: admin.port } : null),
    async kill({ ref }) {
      throw new LabError(
        'bad_request',
        `Component "${ref.component}" is a database on a server that all labs share: it cannot be killed.`,
      );
    },
    lacks: lacksOfPostgres,
    resetStatistics: ({ ref, spec }) => resetStatistics(admin, naming.database(ref), ref.component, spec),
    apiUrl: ({ ref }) => admin.url(naming.database(ref), databases.credentials(ref, 'a')),
  };
}
