import type { OsUser } from '../../embedded/os-user.ts';
import type { Log } from '../../lab/log.ts';
import type { Fill } from '../fill.ts';
import type { DeriveSecret } from '../secrets.ts';

export interface ProcessDriverOptions {
  /** Workspaces, logs and records go to `<dataDir>/sandboxes`. */
  readonly dataDir: string;
  /** Marks all resources; others on the same cluster are left alone. */
  readonly installationId: string;
  readonly secrets: DeriveSecret;
  /** Superuser URL of the labs' PostgreSQL 17 server, which is never the control database's. */
  readonly labsUrl: string;
  /** PostgreSQL's `bin`, `lib` and `share`, readable by all: for labs with a server of their own. */
  readonly postgres: string;
  /** Program that runs the sample API and the programs of templates, readable by `labUser`. */
  readonly node: string;
  readonly sampleApi: {
    /** Folder with `main.ts` and `seed/main.ts`, readable by `labUser`. */
    readonly folder: string;
    /** Differs when the same seed number would give other data. */
    readonly generatorVersion: number | string;
  };
  /** `node_modules` of the sample API, which a trainee's copy of it uses too. */
  readonly packages: string;
  /** Who runs what belongs to trainees; null: whoever runs Labwright. */
  readonly labUser: OsUser | null;
  readonly partners: {
    /** Folders with a `main.ts` each, readable by `user`. */
    readonly stub: string;
    readonly traffic: string;
    /** Who runs them, so that trainees cannot reach their journals; null: whoever runs Labwright. */
    readonly user: OsUser | null;
  };
  readonly fill: Fill;
  readonly log: Log;
}
