/**
 * Prepared servers: whole data folders that labs' databases begin as copies of, one for each content. Named by what they
 * were made of.
 */
import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { LabError } from '../../../lab/errors.ts';
import type { Log } from '../../../lab/log.ts';
import type { PostgresComponent, TemplateVersion } from '../../../templates/types.ts';
import type { Naming } from '../../naming.ts';
import { createAdmin } from '../../postgres/admin.ts';
import { contentHash } from '../../postgres/content-hash.ts';
import { fillDatabase } from '../../postgres/fill-database.ts';
import { ownDatabase } from '../../postgres/own-names.ts';
import { createOwnRoles } from '../../postgres/own-roles.ts';
import { configOf } from '../../postgres/own-settings.ts';
import { standsAlone } from '../../postgres/stands-alone.ts';
import { connectProgram, finished, finishProgram } from './preparing.ts';

/** Raised when what is made below changes. */
const layout = 1;
const finishWithinMs = 60_000;

export interface PreparedDatabases {
  /** Makes what is not there, for every database of its own. Throws LabError `seed_failed`. */
  prepare(version: TemplateVersion, signal: AbortSignal): Promise<void>;
  /** The name of what a database begins with; made when it is not there. */
  nameFor(version: TemplateVersion, component: string, signal: AbortSignal): Promise<string>;
  /** Removes those that none of `keep` needs, but for the `spare` newest; and what killed makers have left. */
  prune(keep: readonly TemplateVersion[], spare: number, signal: AbortSignal): Promise<void>;
}

/** Runs a program where a server is prepared, which serves on its own address only. */
export type RunPreparing = (argv: readonly string[], signal: AbortSignal) => Promise<Duplex>;

/** Where a backend keeps them. One that is there is whole, whatever happened to its maker. */
export interface PreparedStore {
  nameOf(hash: string): string;
  /** What the image of servers is now. */
  baseOf(signal: AbortSignal): Promise<string>;
  has(name: string, signal: AbortSignal): Promise<boolean>;
  /** Makes an empty server that ends with us, and keeps it under this name once `fill` is done and it has ended. */
  make(name: string, fill: (run: RunPreparing) => Promise<void>, signal: AbortSignal): Promise<void>;
  /** Without what killed makers have left; the newest first. Without a name, where another has taken its place. */
  all(signal: AbortSignal): Promise<readonly { readonly id: string; readonly name: string | null }[]>;
  /** Nothing where it is in use. */
  remove(id: string, signal: AbortSignal): Promise<void>;
}

export interface PreparedNeeds {
  readonly store: PreparedStore;
  readonly naming: Naming;
  readonly sampleApi: { readonly folder: string; readonly generatorVersion: number | string };
  readonly backend: string;
  readonly log: Log;
}

/** What one is made of. */
interface Content {
  readonly version: TemplateVersion;
  readonly spec: PostgresComponent;
  readonly isAlone: boolean;
}

export function createPreparedDatabases(needs: PreparedNeeds): PreparedDatabases {
  const { store, naming, sampleApi, backend, log } = needs;
  const underway = new Map<string, Promise<void>>();

  /** A replica begins as a copy of its primary. */
  const wanted = (version: TemplateVersion): readonly Content[] =>
    Object.entries(version.template.components).flatMap(([name, spec]) =>
      spec.kind === 'postgres' && spec.replicaOf === null
        ? [{ version, spec, isAlone: standsAlone(version, name) }]
        : [],
    );

  function nameOf({ version, spec, isAlone }: Content, base: string): string {
    const { traineeRole, grants, statementStats } = spec;
    const content = contentHash(version, spec, sampleApi.generatorVersion);
    const what = [layout, base, content, traineeRole, grants, statementStats, configOf(spec), isAlone];
    const hash = createHash('sha256').update(JSON.stringify(what)).digest('hex');
    return store.nameOf(hash.slice(0, 32));
  }

  async function ensure(content: Content, signal: AbortSignal): Promise<string> {
    const name = nameOf(content, await store.baseOf(signal));
    for (;;) {
      const others = underway.get(name);
      if (others === undefined) break;
      // The other caller's end is not ours: if it gave up, we go on ourselves.
      await others.catch((thrown: unknown) => {
        if (thrown instanceof LabError && thrown.code === 'seed_failed') throw thrown;
      });
      signal.throwIfAborted();
    }
    const work = make(name, content, signal).finally(() => underway.delete(name));
    underway.set(name, work);
    await work;
    return name;
  }

  async function make(name: string, content: Content, signal: AbortSignal): Promise<void> {
    if (await store.has(name, signal)) return;
    const started = performance.now();
    const work = async (run: RunPreparing) => {
      await fill(run, content, signal);
      await finish(run, content.spec, signal);
    };
    await store.make(name, work, signal);
    const milliseconds = Math.round(performance.now() - started);
    const { id: template } = content.version.template;
    log.info({ template, backend, milliseconds }, 'database prepared');
  }

  async function fill(
    run: RunPreparing,
    { version, spec, isAlone }: Content,
    signal: AbortSignal,
  ): Promise<void> {
    const admin = createAdmin('postgres://postgres@127.0.0.1/postgres', () => run(connectProgram, signal));
    const generator = { node: process.execPath, sampleApi, labUser: null };
    try {
      await fillDatabase(admin, naming, ownDatabase, { version, component: spec }, generator, signal);
      await admin.query(`DROP ROLE ${ownDatabase}`);
      await admin.query(await createOwnRoles(naming, spec, isAlone));
    } finally {
      await admin.close();
    }
  }

  async function finish(run: RunPreparing, component: PostgresComponent, signal: AbortSignal): Promise<void> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(finishWithinMs)]);
    const program = await run(finishProgram(configOf(component), component.archive), within);
    const end = () => program.destroy();
    within.addEventListener('abort', end, { once: true });
    const said = await text(program).finally(() => within.removeEventListener('abort', end));
    signal.throwIfAborted();
    if (said.trim().endsWith(finished)) return;
    throw new LabError('provision_failed', `A database could not be prepared: ${said.trim()}`);
  }

  return {
    async prepare(version, signal) {
      for (const content of wanted(version)) await ensure(content, signal);
    },
    async nameFor(version, component, signal) {
      const spec = version.template.components[component];
      if (spec?.kind !== 'postgres') throw new Error(`${component} is no database`);
      return ensure({ version, spec, isAlone: standsAlone(version, component) }, signal);
    },
    async prune(keep, spare, signal) {
      const all = await store.all(signal);
      if (all.length === 0) return;
      const base = await store.baseOf(signal);
      const needed = new Set(
        keep.flatMap((version) => wanted(version).map((content) => nameOf(content, base))),
      );
      const isUnneeded = (name: string) => !needed.has(name) && !underway.has(name);
      const named = all.filter(({ name }) => name !== null && isUnneeded(name));
      const nameless = all.filter(({ name }) => name === null);
      for (const { id } of [...named.slice(spare), ...nameless]) await store.remove(id, signal);
    },
  };
}
