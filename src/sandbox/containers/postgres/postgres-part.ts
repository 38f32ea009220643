/** Databases: every lab has a PostgreSQL server of its own, which begins as a copy with all of its data. */
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { LabError } from '../../../lab/errors.ts';
import type { ComponentObservation } from '../../../lab/lab.ts';
import type { ComponentAccess, Credentials, SandboxPlan } from '../../../lab/ports.ts';
import type { PostgresComponent } from '../../../templates/types.ts';
import type { Naming, ResourceRef } from '../../naming.ts';
import type { Part, Piece } from '../../part.ts';
import { createAdmin } from '../../postgres/admin.ts';
import { serverTrouble } from '../../postgres/ask-server.ts';
import { refusedExtensions } from '../../postgres/extensions.ts';
import { type Following, following } from '../../postgres/follow.ts';
import { applyOverlay, hasOverlay } from '../../postgres/overlay.ts';
import {
  allCredentials,
  ownCredentials,
  ownDatabase,
  replicationCredentials,
  superuserCredentials,
} from '../../postgres/own-names.ts';
import { setPasswords } from '../../postgres/own-roles.ts';
import { resetStatistics } from '../../postgres/statement-statistics.ts';
import type { Dial, Target } from '../../postgres/target.ts';
import type { DeriveSecret } from '../../secrets.ts';
import { findContainers } from '../find-containers.ts';
import type { Open } from '../probes/probes.ts';
import type { Program } from '../programs/programs.ts';
import { createPrograms } from '../programs/programs.ts';
import type { Containers, FoundContainer, Gateways } from '../types.ts';
import { type FirstStart, type NewServer, serverPort, signalProgram } from './server.ts';
import type { Original, Servers } from './servers.ts';
import type { Turns } from './turns.ts';

type Database = Piece<PostgresComponent>;

export interface DatabaseNeeds {
  readonly containers: Containers;
  readonly gateways: Gateways;
  /** Makes network, volumes and gateway of a sandbox where they are not there. */
  readonly openGateway: (plan: SandboxPlan, signal: AbortSignal) => Promise<void>;
  readonly servers: Servers;
  readonly turns: Turns;
  readonly naming: Naming;
  readonly secrets: DeriveSecret;
}

export interface DatabasePart extends Part<PostgresComponent> {
  /** Of the sample API's own role. */
  apiUrl(piece: Database): string;
  /** Forgets the statement statistics of this database. */
  resetStatistics(piece: Database, signal: AbortSignal): Promise<void>;
  stop(piece: Database, signal: AbortSignal): Promise<void>;
  /** To be told that a sandbox is gone. */
  forget(sandboxId: string): void;
}

/** A copy of a lab that ran may have much to recover. */
const startWithinMs = 60_000;
/** Through the API of a busy cluster a connection alone takes seconds. */
const answerWithinMs = 5_000;
/** A replica looks for its primary again and again. */
const reconnectWithinMs = 1_500;
const stopWithinMs = 10_000;
/** How long a server may be held still to be copied: one that is held longer was left so by an engine that ended. */
const copiedWithinMs = 60_000;
const signalWithinMs = 5_000;

/** Of a replica that runs. */
const detailOf: Readonly<Record<Following, string | null>> = {
  streams: null,
  unknown: null,
  promoted: 'It was promoted, and follows its primary no longer.',
  lost: 'Its primary is not running.',
};

export function createDatabasePart(needs: DatabaseNeeds): DatabasePart {
  const { containers, gateways, servers, turns, naming, secrets } = needs;
  const programs = createPrograms(containers, gateways, needs.openGateway);
  /** Sandbox → component → the generation whose overlay was seen, whatever a trainee makes of its mark later. */
  const overlaid = new Map<string, Map<string, number>>();

  const isOverlaid = ({ sandboxId, component, generation }: ResourceRef) =>
    overlaid.get(sandboxId)?.get(component) === generation;
  function rememberOverlay({ sandboxId, component, generation }: ResourceRef): void {
    const components = overlaid.get(sandboxId) ?? new Map<string, number>();
    overlaid.set(sandboxId, components.set(component, generation));
  }

  const exactly = async (ref: ResourceRef, signal: AbortSignal) =>
    (await findContainers(containers, ref, signal)).find(({ generation }) => generation === ref.generation) ??
    null;

  const urlOf = ({ component }: ResourceRef, { user, password }: Credentials) =>
    `postgres://${user}:${password}@${component}:${serverPort}/${ownDatabase}`;

  const targetOf = (ref: ResourceRef, who: Credentials, signal: AbortSignal): Target => ({
    url: urlOf(ref, who),
    dial: dialOf(ref, signal),
  });

  const dialOf =
    ({ sandboxId, component }: ResourceRef, signal: AbortSignal): Dial =>
    async () =>
      (await gateways.open(sandboxId, signal)).dial(component, serverPort, signal);

  /** Asked as the checker. */
  const follows = (piece: Database, signal: AbortSignal) =>
    following(targetOf(piece.ref, ownCredentials(secrets, ownerOf(piece), 'c'), signal));

  async function trouble(piece: Database, open: Open, signal: AbortSignal): Promise<string | null> {
    const dial: Dial = () => open(signal);
    const silent = await serverTrouble(dial, answerWithinMs);
    const primary = primaryOf(piece);
    if (silent !== null || primary === null) return silent;
    const deadline = performance.now() + reconnectWithinMs;
    while ((await follows(piece, signal)) === 'lost') {
      if ((await exactly(primary, signal))?.state !== 'running') return null;
      if (performance.now() > deadline) return `does not follow "${primary.component}"`;
      await delay(50, undefined, { signal });
    }
    return null;
  }

  function programOf(piece: Database, signal: AbortSignal): Program {
    const { plan, ref } = piece;
    const title = `The PostgreSQL server of "${ref.component}"`;
    const asking = (open: Open, within: AbortSignal) => trouble(piece, open, within);
    const ready = { by: 'asking', port: serverPort, trouble: asking } as const;
    let known: Promise<Original> | null = null;
    const original = () => {
      known ??= originalOf(piece, signal);
      return known;
    };
    return {
      ...{ plan, ref, title, startWithinMs, ready },
      async container() {
        // One that is there is only started: nothing is copied for it.
        const isThere = (await exactly(ref, signal)) !== null;
        return servers.container(await serverOf(piece), isThere ? null : await original(), signal);
      },
      async fill(found) {
        const wanted = { isWanted: known !== null, find: original };
        await servers.fill?.(found, await serverOf(piece), wanted, signal);
      },
    };
  }

  async function originalOf(piece: Database, signal: AbortSignal): Promise<Original> {
    const { plan, ref } = piece;
    const from = primaryOf(piece) ?? originOf(piece);
    if (from === null) return { of: 'template', version: plan.version, component: ref.component };
    const found = (await settled(from, signal)).find(({ generation }) => generation === from.generation);
    if (found !== undefined) return { of: 'server', found };
    const message = `Component "${from.component}" has nothing that it could be cloned from.`;
    throw new LabError('start_failed', message);
  }

  const serverOf = async (piece: Database): Promise<NewServer> => ({
    ref: piece.ref,
    spec: piece.spec,
    first: await firstStart(piece),
  });

  async function firstStart(piece: Database): Promise<FirstStart> {
    const primary = primaryOf(piece);
    if (primary === null) {
      return { as: 'primary', passwords: await setPasswords(allCredentials(secrets, piece.ref)) };
    }
    return { as: 'replica', primary: primary.component, ...replicationCredentials(secrets, primary) };
  }

  async function hold({ id }: FoundContainer, how: 'STOP' | 'CONT', signal: AbortSignal): Promise<void> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(signalWithinMs)]);
    await turns.without(id, async () => {
      const program = await containers.pipe(id, signalProgram(how), within);
      await text(program.end());
    });
  }

  /** Looks past the moment in which a server is held still to be copied. */
  async function settled(ref: ResourceRef, signal: AbortSignal): Promise<readonly FoundContainer[]> {
    const deadline = performance.now() + copiedWithinMs;
    for (;;) {
      const found = await findContainers(containers, ref, signal);
      const [newest] = found;
      if (newest?.state !== 'paused') return found;
      if (!turns.isHeld(newest.id) && performance.now() > deadline) return found;
      await delay(25, undefined, { signal });
    }
  }

  /** One that was held still to be copied while it was looked at is looked at again. */
  async function look(piece: Database, signal: AbortSignal): Promise<ComponentObservation> {
    for (let looks = 1; ; looks += 1) {
      const [newest] = await settled(piece.ref, signal);
      const before = turns.ended();
      const seen = await programs.observe(programOf(piece, signal));
      if (seen.state !== 'broken' || newest?.state !== 'running') return seen;
      // The second look is for copies that another Labwright makes.
      const wasCopied = turns.isHeld(newest.id) || turns.ended() !== before;
      if (!wasCopied && looks > 1) return seen;
    }
  }

  /** A replica of a primary that has been made anew is of no use. */
  async function removeOutdated(piece: Database, signal: AbortSignal): Promise<void> {
    const primary = primaryOf(piece);
    if (primary === null) return;
    const [theirs, mine] = await Promise.all([exactly(primary, signal), exactly(piece.ref, signal)]);
    if (mine !== null && theirs !== null && mine.createdAt < theirs.createdAt) {
      await containers.remove(mine.id, signal);
    }
  }

  /** A replica that cannot go on from where it stands is copied anew. */
  async function start(piece: Database, signal: AbortSignal): Promise<void> {
    const primary = primaryOf(piece);
    const found = await exactly(piece.ref, signal);
    const bringUp = () => programs.ensure(programOf(piece, signal), signal);
    // One that was stopped hears of nothing.
    if (
      found?.state === 'running' &&
      (await serverTrouble(dialOf(piece.ref, signal), answerWithinMs)) !== null
    ) {
      await hold(found, 'CONT', signal).catch(() => {});
    }
    try {
      await (found === null ? bringUp() : turns.without(found.id, bringUp));
    } catch (thrown) {
      if (primary === null || signal.aborted) throw thrown;
      const mine = await exactly(piece.ref, signal);
      if (mine === null || (await exactly(primary, signal))?.state !== 'running') throw thrown;
      await containers.remove(mine.id, signal);
      await programs.ensure(programOf(piece, signal), signal);
    }
  }

  /** Whether the lab's parameters are known and the database has yet to be given what depends on them. */
  async function lacksOverlay({ plan, ref, spec }: Database, signal: AbortSignal): Promise<boolean> {
    if (plan.params === null || spec.overlay.length === 0 || isOverlaid(ref)) return false;
    const seen = await hasOverlay(targetOf(ref, ownCredentials(secrets, ref, 'c'), signal));
    if (seen === true) rememberOverlay(ref);
    return seen === false;
  }

  async function overlay(piece: Database, signal: AbortSignal): Promise<void> {
    const { plan, ref, spec } = piece;
    if (plan.params === null || spec.overlay.length === 0 || isOverlaid(ref)) return;
    // Once: the database says itself whether it was applied, also where this one is a copy of another.
    const grader = targetOf(ref, ownCredentials(secrets, ref, 'g'), signal);
    await applyOverlay(grader, naming.group('owner'), piece, signal);
    rememberOverlay(ref);
  }

  return {
    async ensure(piece, signal) {
      const { ref } = piece;
      const found = await settled(ref, signal);
      // A stale caller with an older plan changes nothing.
      if ((found[0]?.generation ?? 0) > ref.generation) return;
      await removeOutdated(piece, signal);
      await start(piece, signal);
      const origin = originOf(piece);
      // A copy of what has its overlay has it too, whether it lets us in to look or not.
      if (origin !== null && isOverlaid(origin)) rememberOverlay(ref);
      await overlay(piece, signal);
    },
    async observe(piece) {
      const signal = AbortSignal.timeout(30_000);
      const seen = await look(piece, signal);
      if (seen.state !== 'running' || seen.generation !== piece.ref.generation) return seen;
      if (primaryOf(piece) !== null) return { ...seen, detail: detailOf[await follows(piece, signal)] };
      return (await lacksOverlay(piece, signal)) ? { ...seen, state: 'starting' } : seen;
    },
    access(piece): ComponentAccess {
      const of = (role: 't' | 'c' | 'g' | 'a') => ownCredentials(secrets, ownerOf(piece), role);
      return {
        kind: 'postgres',
        host: piece.ref.component,
        port: serverPort,
        database: ownDatabase,
        trainee: of('t'),
        checker: of('c'),
        grader: of('g'),
        apiRole: of('a').user,
      };
    },
    address: ({ ref }, port) => (port === 'main' ? { host: ref.component, port: serverPort } : null),
    async kill({ ref }, how, signal) {
      const [newest] = await settled(ref, signal);
      if (newest === undefined) return;
      // PostgreSQL takes TERM for a wish to wait until its last session has ended.
      if (how === 'TERM') await containers.stop(newest.id, stopWithinMs, signal);
      else if (how === 'KILL') await containers.kill(newest.id, how, signal);
      else if (newest.state === 'running') await hold(newest, how, signal);
    },
    async stop({ ref }, signal) {
      const [newest] = await findContainers(containers, ref, signal);
      if (newest !== undefined) await containers.stop(newest.id, stopWithinMs, signal);
    },
    lacks: (_component, spec) => refusedExtensions(spec.extensions),
    async resetStatistics(piece, signal) {
      const { url, dial } = targetOf(piece.ref, superuserCredentials(secrets, ownerOf(piece)), signal);
      const admin = createAdmin(url, dial);
      try {
        await resetStatistics(admin, ownDatabase, piece.ref.component, piece.spec);
      } finally {
        await admin.close();
      }
    },
    apiUrl: (piece) => urlOf(piece.ref, ownCredentials(secrets, ownerOf(piece), 'a')),
    forget: (sandboxId) => void overlaid.delete(sandboxId),
  };
}

/** The primary, at its planned generation. Throws LabError `component_not_found` where the plan has none. */
function primaryOf({ plan, spec }: Database): ResourceRef | null {
  if (spec.replicaOf === null) return null;
  const planned = plan.components[spec.replicaOf];
  if (planned === undefined) {
    throw new LabError('component_not_found', `The lab has no component "${spec.replicaOf}".`);
  }
  return { sandboxId: plan.sandboxId, component: spec.replicaOf, generation: planned.generation };
}

/** Whose roles are there: a replica's are its primary's. */
const ownerOf = (piece: Database) => primaryOf(piece) ?? piece.ref;

/** What a first generation is cloned from. A replica is always a copy of its own primary. */
function originOf({ plan, ref, spec }: Database): ResourceRef | null {
  const planned = ref.generation === 1 ? plan.origin?.components[ref.component] : undefined;
  if (plan.origin === null || planned === undefined || spec.replicaOf !== null) return null;
  const { sandboxId } = plan.origin;
  return { sandboxId, component: ref.component, generation: planned.generation };
}
