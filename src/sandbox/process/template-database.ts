/**
 * Template databases: what labs' databases are cloned from. Named by their content, so templates with the same seed
 * share one; built under another name and renamed when whole, so that one that is there is always whole.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../lab/errors.ts';
import type { PostgresComponent, TemplateVersion } from '../../templates/types.ts';
import type { Naming } from '../naming.ts';
import { type Admin, quote } from '../postgres/admin.ts';
import { contentHash } from '../postgres/content-hash.ts';
import { fillDatabase } from '../postgres/fill-database.ts';
import { standsAlone } from '../postgres/stands-alone.ts';
import type { ProcessDriverOptions } from './options.ts';

export interface TemplateDatabases {
  /** Builds what is not there; one of several callers builds, the others wait. Throws LabError `seed_failed`. */
  prepare(version: TemplateVersion, signal: AbortSignal): Promise<void>;
  /** The template database of a component. Pure. */
  nameOf(version: TemplateVersion, component: PostgresComponent): string;
  /** Says that a clone was just made from it. */
  used(name: string): void;
  /** To be told when a clone finds none: the next `prepare` looks again. */
  forget(name: string): void;
  /** Drops those that none of `keep` needs, the least recently used first, until `spare` of them are left. */
  prune(keep: readonly TemplateVersion[], spare: number): Promise<readonly string[]>;
}

/** Where the advisory locks of template databases live; the second key is the database's. */
const lockSpace = 0x6c77;

/** Databases on the server that all labs share. */
function sharedOf(version: TemplateVersion): readonly PostgresComponent[] {
  return Object.entries(version.template.components).flatMap(([name, spec]) =>
    spec.kind === 'postgres' && !standsAlone(version, name) ? [spec] : [],
  );
}

export function createTemplateDatabases(
  admin: Admin,
  naming: Naming,
  options: Pick<ProcessDriverOptions, 'node' | 'sampleApi' | 'labUser' | 'log'>,
): TemplateDatabases {
  const ready = new Set<string>();
  const building = new Map<string, Promise<void>>();
  const lastUsed = new Map<string, number>();

  function nameOf(version: TemplateVersion, component: PostgresComponent): string {
    return naming.templateDatabase(contentHash(version, component, options.sampleApi.generatorVersion));
  }

  async function ensureOne(version: TemplateVersion, component: PostgresComponent, signal: AbortSignal) {
    const name = nameOf(version, component);
    if (ready.has(name)) return;
    const underway = building.get(name);
    if (underway !== undefined) {
      // The other caller's end is not ours: if it gave up, we go on ourselves.
      await underway.catch((thrown: unknown) => {
        if (thrown instanceof LabError && thrown.code === 'seed_failed') throw thrown;
      });
      signal.throwIfAborted();
      return ensureOne(version, component, signal);
    }
    const build = buildOne(name, version, component, signal).finally(() => building.delete(name));
    building.set(name, build);
    await build;
    ready.add(name);
  }

  async function buildOne(
    name: string,
    version: TemplateVersion,
    component: PostgresComponent,
    signal: AbortSignal,
  ) {
    if (await exists(name)) return;
    await admin.connected(null, async (lock) => {
      // Asked again and again rather than waited for, so that a caller can give up.
      const take = 'SELECT pg_try_advisory_lock($1, hashtext($2)) AS mine';
      while ((await lock.query<{ mine: boolean }>(take, [lockSpace, name])).rows[0]?.mine !== true) {
        await delay(50, undefined, { signal });
      }
      // Another process may have built it while we waited. The lock goes with the connection.
      if (await exists(name)) return;
      const draft = `${name}_building`;
      const started = performance.now();
      const discard = async () => {
        await admin.query(`DROP DATABASE IF EXISTS ${quote(draft)} WITH (FORCE)`);
        await admin.query(`DROP ROLE IF EXISTS ${quote(draft)}`);
      };
      await discard();
      try {
        await fillDatabase(admin, naming, draft, { version, component }, options, signal);
        await admin.query(`ALTER DATABASE ${quote(draft)} ALLOW_CONNECTIONS false`);
        await admin.query(`ALTER DATABASE ${quote(draft)} RENAME TO ${quote(name)}`);
      } finally {
        await discard();
      }
      const milliseconds = Math.round(performance.now() - started);
      options.log.info({ template: version.template.id, milliseconds }, 'template database built');
    });
  }

  async function exists(name: string): Promise<boolean> {
    return (await admin.query('SELECT FROM pg_database WHERE datname = $1', [name])).length > 0;
  }

  return {
    nameOf,
    async prepare(version, signal) {
      for (const component of sharedOf(version)) await ensureOne(version, component, signal);
    },
    used: (name) => void lastUsed.set(name, Date.now()),
    forget: (name) => void ready.delete(name),
    async prune(keep, spare) {
      const needed = new Set<string>();
      for (const version of keep) {
        for (const component of sharedOf(version)) needed.add(nameOf(version, component));
      }
      const pattern = `${naming.templateDatabase('').replaceAll('_', '\\_')}%`;
      const found = await admin.query<{ name: string }>(
        `SELECT datname AS name FROM pg_database WHERE datname LIKE $1 AND datname NOT LIKE '%\\_building'`,
        [pattern],
      );
      const unneeded = found
        .map(({ name }) => name)
        .filter((name) => !needed.has(name))
        .sort((a, b) => (lastUsed.get(b) ?? 0) - (lastUsed.get(a) ?? 0));
      const dropped = unneeded.slice(spare);
      for (const name of dropped) {
        ready.delete(name);
        await admin.query(`DROP DATABASE IF EXISTS ${quote(name)} WITH (FORCE)`);
      }
      return dropped;
    },
  };
}
