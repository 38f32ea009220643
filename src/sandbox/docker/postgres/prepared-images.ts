/**
 * Prepared servers: images with a whole data folder, which labs' databases are made from. Named by what they were made
 * of, and named when they are whole, so that one that is there is whole. Each is filled in a container that no network
 * reaches and that ends with its maker.
 */
import { createHash, randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../../lab/errors.ts';
import type { PostgresComponent, TemplateVersion } from '../../../templates/types.ts';
import type { Containers, FoundContainer } from '../../containers/types.ts';
import type { Naming, ResourceRef } from '../../naming.ts';
import { createAdmin } from '../../postgres/admin.ts';
import { contentHash } from '../../postgres/content-hash.ts';
import { fillDatabase } from '../../postgres/fill-database.ts';
import { ownDatabase } from '../../postgres/own-names.ts';
import { createOwnRoles } from '../../postgres/own-roles.ts';
import { configOf, ownInitdb, preparingSettings } from '../../postgres/own-settings.ts';
import { standsAlone } from '../../postgres/stands-alone.ts';
import { label } from '../labels.ts';
import type { DockerDriverOptions } from '../options.ts';
import type { DatabaseImages } from './database-images.ts';
import {
  connectProgram,
  finished,
  finishProgram,
  guardProgram,
  preparingContainer,
  servesLine,
} from './server-container.ts';

/** Raised when what is made below changes. */
const layout = 1;
/** What containers in which servers are prepared are labelled with; no sandbox is called so. */
export const preparingSandbox = 'preparing';
const startWithinMs = 120_000;
const finishWithinMs = 60_000;
/** A container that its maker has not started by then never will be. */
const abandonedAfterMs = 60_000;

export interface PreparedImages {
  /** Makes what is not there, for every database of its own. Throws LabError `seed_failed`. */
  prepare(version: TemplateVersion, signal: AbortSignal): Promise<void>;
  /** The image that a database begins with; made when it is not there. */
  imageFor(version: TemplateVersion, component: string, signal: AbortSignal): Promise<string>;
  /** Removes those that none of `keep` needs, but for the `spare` newest; and what killed makers have left. */
  prune(keep: readonly TemplateVersion[], spare: number, signal: AbortSignal): Promise<void>;
}

/** What an image is made of. */
interface Content {
  readonly version: TemplateVersion;
  readonly spec: PostgresComponent;
  readonly isAlone: boolean;
}

export function createPreparedImages(
  containers: Containers,
  list: DatabaseImages,
  naming: Naming,
  { images, sampleApi, log }: Pick<DockerDriverOptions, 'images' | 'sampleApi' | 'log'>,
): PreparedImages {
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
    return list.nameOf(hash.slice(0, 32));
  }

  async function ensure(content: Content, signal: AbortSignal): Promise<string> {
    const name = nameOf(content, await list.idOf(images.postgres, signal));
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
    if (await list.has(name, signal)) return;
    const started = performance.now();
    await removeLeftovers(signal);
    const ref: ResourceRef = {
      sandboxId: preparingSandbox,
      component: randomBytes(8).toString('hex'),
      generation: 1,
    };
    const container = preparingContainer(ref, images.postgres, ownInitdb, preparingSettings);
    let made: FoundContainer | null = null;
    try {
      made = await containers.ensure(container, signal);
      const { id } = made;
      const guard = await containers.pipe(id, guardProgram, signal);
      guard.on('error', () => {}).resume();
      await untilServing(id, signal);
      await fill(id, content, signal);
      await finish(id, content.spec, signal);
      // Another Labwright may have been faster.
      if (!(await list.has(name, signal))) {
        await containers.commit(id, { tag: name, labels: { [label.prepared]: name } }, signal);
      }
      guard.destroy();
    } finally {
      const own = AbortSignal.timeout(30_000);
      // One that was made when the caller gave up, too.
      made ??= (await containers.find(preparingSandbox, own)).find(isOf(ref)) ?? null;
      if (made !== null) await containers.remove(made.id, own);
    }
    const milliseconds = Math.round(performance.now() - started);
    const { id: template } = content.version.template;
    log.info({ template, backend: 'docker', milliseconds }, 'database prepared');
  }

  async function untilServing(id: string, signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + startWithinMs;
    for (;;) {
      const [said, ending] = await Promise.all([
        containers.logs(id, 64_000, signal),
        containers.ending(id, signal),
      ]);
      if (said.includes(servesLine)) return;
      if (ending !== null || performance.now() > deadline) {
        const what = ending ?? 'it did not start in time';
        throw new LabError(
          'provision_failed',
          `A database could not be prepared: ${what}.\n${said.slice(-2_000)}`,
        );
      }
      await delay(50, undefined, { signal });
    }
  }

  async function fill(id: string, { version, spec, isAlone }: Content, signal: AbortSignal): Promise<void> {
    const admin = createAdmin('postgres://postgres@127.0.0.1/postgres', () =>
      containers.pipe(id, connectProgram, signal),
    );
    const generator = { node: process.execPath, sampleApi, labUser: null };
    try {
      await fillDatabase(admin, naming, ownDatabase, { version, component: spec }, generator, signal);
      await admin.query(`DROP ROLE ${ownDatabase}`);
      await admin.query(await createOwnRoles(naming, spec, isAlone));
    } finally {
      await admin.close();
    }
  }

  async function finish(id: string, component: PostgresComponent, signal: AbortSignal): Promise<void> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(finishWithinMs)]);
    const program = await containers.pipe(id, finishProgram(configOf(component), component.archive), within);
    const end = () => program.destroy();
    within.addEventListener('abort', end, { once: true });
    const said = await text(program).finally(() => within.removeEventListener('abort', end));
    signal.throwIfAborted();
    if (said.trim().endsWith(finished)) return;
    throw new LabError('provision_failed', `A database could not be prepared: ${said.trim()}`);
  }

  /** Of makers that are gone: their containers have ended, or were never started. */
  async function removeLeftovers(signal: AbortSignal): Promise<void> {
    const isLeft = ({ state, createdAt }: FoundContainer) =>
      state === 'exited' || (state === 'created' && Date.now() - createdAt.getTime() > abandonedAfterMs);
    const left = (await containers.find(preparingSandbox, signal)).filter(isLeft);
    for (const { id } of left) await containers.remove(id, signal);
  }

  return {
    async prepare(version, signal) {
      for (const content of wanted(version)) await ensure(content, signal);
    },
    async imageFor(version, component, signal) {
      const spec = version.template.components[component];
      if (spec?.kind !== 'postgres') throw new Error(`${component} is no database`);
      return ensure({ version, spec, isAlone: standsAlone(version, component) }, signal);
    },
    async prune(keep, spare, signal) {
      await removeLeftovers(signal);
      const all = await list.all(signal);
      if (all.length === 0) return;
      const base = await list.idOf(images.postgres, signal);
      const needed = new Set(
        keep.flatMap((version) => wanted(version).map((content) => nameOf(content, base))),
      );
      const isUnneeded = (name: string) => !needed.has(name) && !underway.has(name);
      const named = all.flatMap(({ name }) => (name === null || !isUnneeded(name) ? [] : [name]));
      const nameless = all.flatMap(({ id, name }) => (name === null ? [id] : []));
      for (const image of [...named.slice(spare), ...nameless]) await list.remove(image, signal);
    },
  };
}

const isOf =
  (ref: ResourceRef) =>
  ({ component }: FoundContainer): boolean =>
    component === ref.component;
