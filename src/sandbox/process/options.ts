import type { OsUser } from '../../embedded/os-user.ts';
import type { Log } from '../../lab/log.ts';
import type { DeriveSecret } from '../secrets.ts';

export interface ProcessDriverOptions {
  /** Workspaces, logs and records go to `<dataDir>/sandboxes`. */
  readonly dataDir: string;
  /** Marks all resources; others on the same cluster are left alone. */
  readonly installationId: string;
  readonly secrets: DeriveSecret;
  /** Superuser URL of the labs' PostgreSQL 17 server, which is never the control database's. */
  readonly labsUrl: string;
  /** Program that runs the sample API, readable by `labUser`. */
  readonly node: string;
  readonly sampleApi: {
    /** Folder with `main.ts` and `seed/main.ts`, readable by `labUser`. */
    readonly folder: string;
    /** Differs when the same seed number would give other data. */
    readonly generatorVersion: number | string;
  };
  /** Who runs what belongs to trainees; null: whoever runs Labwright. */
  readonly labUser: OsUser | null;
  readonly log: Log;
}
