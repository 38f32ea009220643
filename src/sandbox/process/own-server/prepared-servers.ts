/**
 * Prepared data folders: what labs' own servers begin with. One a template version, named by what it was made from;
 * made beside and renamed, so that one that is there is whole. Nobody who runs for a trainee can get to them.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ClusterOptions, startCluster, stopClusterIn } from '../../../embedded/cluster.ts';
import { ensureFolder } from '../../../embedded/folder.ts';
import { LabError } from '../../../lab/errors.ts';
import type { PostgresComponent, TemplateVersion } from '../../../templates/types.ts';
import type { Naming } from '../../naming.ts';
import { createAdmin } from '../../postgres/admin.ts';
import { fillDatabase } from '../../postgres/fill-database.ts';
import { ownDatabase } from '../../postgres/own-names.ts';
import { createOwnRoles } from '../../postgres/own-roles.ts';
import { configOf, ownInitdb, preparingSettings } from '../../postgres/own-settings.ts';
import { standsAlone } from '../../postgres/stands-alone.ts';
import type { ProcessDriverOptions } from '../options.ts';
import { runCommand } from './run-command.ts';

/** Raised when what is made below changes, or the major version of PostgreSQL. */
const layout = 2;
const building = '.building';

export interface PreparedServers {
  /** Makes what is not there, for every component that wants it. Throws LabError `seed_failed`. */
  prepare(version: TemplateVersion, signal: AbortSignal): Promise<void>;
  /** Copies the data folder to `to`, which is not there yet; it belongs to the lab's user. */
  copy(version: TemplateVersion, component: string, to: string, signal: AbortSignal): Promise<void>;
  /** Removes those that none of `keep` needs, but for the `spare` last used ones. */
  prune(keep: readonly TemplateVersion[], spare: number): Promise<void>;
}

export function createPreparedServers(
  naming: Naming,
  /** Of the database of the same content. */
  contentOf: (version: TemplateVersion, component: PostgresComponent) => string,
  options: ProcessDriverOptions,
): PreparedServers {
  const root = join(options.dataDir, 'servers');
  const underway = new Map<string, Promise<void>>();
  const lastUsed = new Map<string, number>();
  let cleaned: Promise<void> | null = null;

  const wanted = (version: TemplateVersion) =>
    Object.entries(version.template.components).flatMap(([name, spec]) =>
      // A replica begins as a copy of its primary.
      spec.kind === 'postgres' && spec.replicaOf === null && standsAlone(version, name) ? [spec] : [],
    );

  function nameOf(version: TemplateVersion, spec: PostgresComponent): string {
    const { traineeRole, grants, statementStats } = spec;
    const what = [layout, traineeRole, grants, statementStats, configOf(spec)];
    const hash = createHash('sha256').update(JSON.stringify([contentOf(version, spec), ...what]));
    return hash.digest('hex').slice(0, 32);
  }

  /** What a Labwright that was killed was making. */
  async function removeHalfMade(): Promise<void> {
    ensureFolder(root, null, 0o711);
    for (const entry of readdirSync(root).filter((name) => name.endsWith(building))) {
      await stopClusterIn(join(root, entry));
      rmSync(join(root, entry), { recursive: true, force: true });
    }
  }

  async function prepareOne(version: TemplateVersion, spec: PostgresComponent, signal: AbortSignal) {
    const name = nameOf(version, spec);
    if (existsSync(join(root, name))) return;
    cleaned ??= removeHalfMade();
    await cleaned;
    const others = underway.get(name);
    if (others !== undefined) {
      // The other caller's end is not ours: if it gave up, we go on ourselves.
      await others.catch((thrown: unknown) => {
        if (thrown instanceof LabError && thrown.code === 'seed_failed') throw thrown;
      });
      signal.throwIfAborted();
      return prepareOne(version, spec, signal);
    }
    const work = make(name, version, spec, signal).finally(() => underway.delete(name));
    underway.set(name, work);
    await work;
  }

  async function make(
    name: string,
    version: TemplateVersion,
    component: PostgresComponent,
    signal: AbortSignal,
  ) {
    const started = performance.now();
    const folder = join(root, `${name}${building}`);
    const data = join(folder, 'data');
    rmSync(folder, { recursive: true, force: true });
    const cluster: ClusterOptions = {
      folder,
      binaries: options.postgres,
      // Until it is put away nobody's programs may reach it.
      user: options.partners.user,
      password: createHash('sha256').update(crypto.randomUUID()).digest('hex'),
      durable: false,
      initdb: ownInitdb,
      settings: preparingSettings,
    };
    try {
      const server = await startCluster(cluster, signal);
      try {
        await fill(server.adminUrl, version, component, signal);
      } finally {
        await server.stop();
      }
      // What was counted meanwhile is not the lab's: its tables were never vacuumed, and nobody has asked anything.
      for (const file of readdirSync(join(data, 'pg_stat'))) rmSync(join(data, 'pg_stat', file));
      appendFileSync(join(data, 'postgresql.conf'), `\n${configOf(component)}`);
      const { labUser } = options;
      if (labUser !== null) {
        await runCommand('chown', ['-R', `${labUser.uid}:${labUser.gid}`, data], null, signal);
      }
      const whole = join(folder, 'whole');
      mkdirSync(whole, { mode: 0o700 });
      renameSync(data, join(whole, 'data'));
      renameSync(whole, join(root, name));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    const milliseconds = Math.round(performance.now() - started);
    options.log.info({ template: version.template.id, milliseconds }, 'server of its own prepared');
  }

  async function fill(
    adminUrl: string,
    version: TemplateVersion,
    component: PostgresComponent,
    signal: AbortSignal,
  ) {
    const admin = createAdmin(adminUrl);
    try {
      await fillDatabase(admin, naming, ownDatabase, { version, component }, options, signal);
      await admin.query(`DROP ROLE ${ownDatabase}`);
      await admin.query(await createOwnRoles(naming, component, true));
      await admin.query('CHECKPOINT');
    } finally {
      await admin.close();
    }
  }

  return {
    async prepare(version, signal) {
      for (const spec of wanted(version)) await prepareOne(version, spec, signal);
    },
    async copy(version, component, to, signal) {
      const spec = version.template.components[component];
      if (spec?.kind !== 'postgres') throw new Error(`${component} is no database`);
      await prepareOne(version, spec, signal);
      const name = nameOf(version, spec);
      lastUsed.set(name, Date.now());
      await runCommand('cp', ['-a', join(root, name, 'data'), to], null, signal);
    },
    async prune(keep, spare) {
      if (!existsSync(root)) return;
      const needed = new Set(keep.flatMap((version) => wanted(version).map((spec) => nameOf(version, spec))));
      const unneeded = readdirSync(root)
        .filter((name) => !name.endsWith(building) && !needed.has(name) && !underway.has(name))
        .sort((a, b) => (lastUsed.get(b) ?? 0) - (lastUsed.get(a) ?? 0));
      for (const name of unneeded.slice(spare)) rmSync(join(root, name), { recursive: true, force: true });
    },
  };
}
