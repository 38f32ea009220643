/** The PostgreSQL servers that an installation stands on: embedded ones where none were given. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, projectRoot } from '../config.ts';
import { findPostgresBinaries } from '../embedded/binaries.ts';
import type { Cluster } from '../embedded/cluster.ts';
import { startControlCluster, startLabsCluster } from '../embedded/clusters.ts';
import { ensureOsUsers, ensurePostgresUser, type OsUsers } from '../embedded/os-user.ts';
import { type Runtime as Programs, stagePostgres, stageRuntime } from '../embedded/runtime.ts';
import { LabError } from '../lab/errors.ts';
import type { Closer } from './closer.ts';
import type { Stopwatch } from './stopwatch.ts';

export interface Servers {
  readonly controlUrl: string;
  readonly controlIsEmbedded: boolean;
  /** What the process backend stands on; null where it is not enabled, and nothing was started or made for it. */
  readonly forProcesses: ForProcesses | null;
}

export interface ForProcesses {
  /** Superuser URL; resolves later than the control database, which is needed first. */
  readonly labsUrl: Promise<string>;
  readonly users: OsUsers;
  readonly programs: Programs;
}

export interface StartOptions {
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
  readonly stopwatch: Stopwatch;
  readonly closer: Closer;
}

/** Starts or adopts what is embedded; `closer` stops it. Throws LabError `start_failed`. */
export async function startServers(
  config: Pick<Config, 'dataDir' | 'databaseUrl' | 'labsDatabaseUrl' | 'backends'>,
  installationKey: Buffer,
  { say, signal, stopwatch, closer }: StartOptions,
): Promise<Servers> {
  const { dataDir, databaseUrl, labsDatabaseUrl, backends } = config;
  const runsProcesses = backends.includes('process');
  if (databaseUrl === null) requireEmbedded();
  if (databaseUrl !== null && !runsProcesses) {
    return { controlUrl: databaseUrl, controlIsEmbedded: false, forProcesses: null };
  }
  if (databaseUrl !== null && labsDatabaseUrl !== null) refuseSameServer(databaseUrl, labsDatabaseUrl);
  const staged = runsProcesses ? await stageForProcesses(dataDir, say, stopwatch) : null;
  const user = staged === null ? await ensurePostgresUser(say) : staged.users.postgres;
  const binaries = staged?.programs.postgres ?? stagePostgres(dataDir, [user], say);
  const home = { dataDir, binaries, user, installationKey };
  const started: Cluster[] = [];
  const starting: Promise<unknown>[] = [];
  closer.add('the embedded PostgreSQL', async () => {
    await Promise.allSettled(starting);
    await Promise.all(started.map((cluster) => cluster.stop()));
  });
  const start = async (step: string, make: typeof startControlCluster): Promise<string> => {
    const cluster = await stopwatch.time(step, () => make(home, signal));
    started.push(cluster);
    return cluster.adminUrl;
  };
  const needsLabs = runsProcesses && labsDatabaseUrl === null;
  const isNew = (name: string) => !existsSync(join(dataDir, name, 'data'));
  if (databaseUrl === null || needsLabs) {
    const first = (databaseUrl === null && isNew('control')) || (needsLabs && isNew('labs'));
    say(first ? 'making the databases, at the first start only' : 'starting PostgreSQL');
  }
  let forProcesses: ForProcesses | null = null;
  if (staged !== null) {
    const labsUrl =
      labsDatabaseUrl === null ? start('labs cluster', startLabsCluster) : Promise.resolve(labsDatabaseUrl);
    // Awaited by whoever needs it; until then its failure is not unhandled.
    labsUrl.catch(() => {});
    starting.push(labsUrl);
    forProcesses = { ...staged, labsUrl };
  }
  if (databaseUrl !== null) return { controlUrl: databaseUrl, controlIsEmbedded: false, forProcesses };
  const control = start('control cluster', startControlCluster);
  starting.push(control);
  return { controlUrl: await control, controlIsEmbedded: true, forProcesses };
}

async function stageForProcesses(dataDir: string, say: (text: string) => void, stopwatch: Stopwatch) {
  const users = await stopwatch.time('users', () => ensureOsUsers(say));
  const programs = await stopwatch.time('programs', async () =>
    stageRuntime(dataDir, join(projectRoot, 'src', 'sample-api'), users, say),
  );
  return { users, programs };
}

/** Throws LabError `start_failed`: the control database must come from somewhere. */
function requireEmbedded(): void {
  try {
    findPostgresBinaries();
  } catch (cause) {
    throw new LabError(
      'start_failed',
      'DATABASE_URL is required: there is no embedded PostgreSQL here (an image of Labwright holds none, nor does an ' +
        'installation without optional packages). Give the URL of a PostgreSQL 15 or newer for the control data, such ' +
        'as postgres://user:password@host:5432/labwright.',
      { cause },
    );
  }
}

/** Throws LabError `start_failed`: a trainee's session must not be on the server that holds the control data. */
function refuseSameServer(controlUrl: string, labsUrl: string): void {
  const server = (url: string) => {
    const { hostname, port } = new URL(url);
    return `${hostname}:${port || '5432'}`;
  };
  if (server(controlUrl) !== server(labsUrl)) return;
  throw new LabError(
    'start_failed',
    `LABS_DATABASE_URL and DATABASE_URL are on one server (${server(labsUrl)}). Labs need a PostgreSQL server of ` +
      'their own: give another one, or leave LABS_DATABASE_URL out for the embedded one.',
  );
}
