/** Databases on servers of their own: a PostgreSQL of the lab, run like any other program of it. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ComponentAccess } from '../../../lab/ports.ts';
import type { PostgresComponent } from '../../../templates/types.ts';
import type { Naming, ResourceRef } from '../../naming.ts';
import type { Piece } from '../../part.ts';
import { createAdmin } from '../../postgres/admin.ts';
import { serverTrouble } from '../../postgres/ask-server.ts';
import { type Following, following } from '../../postgres/follow.ts';
import { applyOverlay } from '../../postgres/overlay.ts';
import {
  ownCredentials,
  ownDatabase,
  replicationRole,
  superuserCredentials,
} from '../../postgres/own-names.ts';
import { resetStatistics } from '../../postgres/statement-statistics.ts';
import { atUrl, dialTcp } from '../../postgres/target.ts';
import type { DeriveSecret } from '../../secrets.ts';
import type { Children } from '../children.ts';
import type { ProcessDriverOptions } from '../options.ts';
import { portOf } from '../ports.ts';
import { lacksOfPostgres } from '../postgres-limits.ts';
import type { PostgresPart } from '../postgres-part.ts';
import type { Program } from '../programs.ts';
import type { Records, StopSpec } from '../records.ts';
import type { Runner } from '../runner.ts';
import type { OwnFolders } from './own-folders.ts';
import { primaryOf } from './own-folders.ts';
import { argumentsOf } from './server-arguments.ts';
import { endRemains, signalServer } from './server-processes.ts';

type Own = Piece<PostgresComponent>;

const host = '127.0.0.1';
const startWithinMs = 30_000;
/** A replica looks for its primary again and again. */
const reconnectWithinMs = 1_500;
/** Fast shutdown: sessions are ended, and what is in memory is written. */
const stop: StopSpec = { signal: 'SIGINT', withinMs: 10_000 };

/** Of a replica that runs. */
const detailOf: Readonly<Record<Following, string | null>> = {
  streams: null,
  unknown: null,
  promoted: 'It was promoted, and follows its primary no longer.',
  lost: 'Its primary is not running.',
};

export interface OwnServerPart extends PostgresPart {
  /** Ends all servers of a sandbox at once, with what they hold of the system; their data is of no use any more. */
  end(sandboxId: string): Promise<void>;
}

export function createOwnServerPart(
  records: Records,
  runner: Runner,
  children: Children,
  folders: OwnFolders,
  naming: Naming,
  secrets: DeriveSecret,
  { postgres, labUser }: Pick<ProcessDriverOptions, 'postgres' | 'labUser'>,
): OwnServerPart {
  const portFor = (ref: ResourceRef) => portOf(records, ref.sandboxId, ref.component);
  /** Whose roles are there: a replica's are its primary's. */
  const ownerOf = (piece: Own) => primaryOf(piece) ?? piece.ref;
  const isRunning = ({ sandboxId, component }: ResourceRef) => children.find(sandboxId, component) !== null;

  function urlOf(piece: Own, { user, password }: { readonly user: string; readonly password: string }) {
    return `postgres://${user}:${password}@${host}:${portFor(piece.ref)}/${ownDatabase}`;
  }

  async function launch(piece: Own) {
    const { ref, spec } = piece;
    const folder = folders.path(ref);
    // The last sessions of a server that was killed still have its memory.
    await endRemains(folders.data(ref), labUser);
    const primary = primaryOf(piece);
    const follow =
      primary === null
        ? []
        : [
            '-c',
            `primary_conninfo=host=${host} port=${portFor(primary)} user=${replicationRole} ` +
              `passfile=${join(folder, 'passfile')} application_name=${ref.component}`,
          ];
    return {
      program: join(postgres, 'bin', 'postgres'),
      args: [...argumentsOf(folders.data(ref), portFor(ref)), ...follow],
      cwd: folder,
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      user: labUser,
      memoryMb: spec.limits?.memoryMb ?? null,
      stop,
    };
  }

  async function trouble(piece: Own, timeoutMs: number): Promise<string | null> {
    if (folders.isHeld(piece.ref)) return null;
    const silent = await serverTrouble(dialTcp(host, portFor(piece.ref)), timeoutMs);
    const primary = primaryOf(piece);
    if (silent !== null || primary === null) return silent;
    const deadline = performance.now() + Math.min(timeoutMs, reconnectWithinMs);
    while ((await follows(piece)) === 'lost' && isRunning(primary)) {
      if (performance.now() > deadline) return `does not follow "${primary.component}"`;
      await delay(50);
    }
    return null;
  }

  /** Asked as the checker. */
  const follows = (piece: Own) =>
    following(atUrl(urlOf(piece, ownCredentials(secrets, ownerOf(piece), 'c'))));

  function programOf(piece: Own): Program {
    return {
      ref: piece.ref,
      title: `The PostgreSQL server of "${piece.ref.component}"`,
      ports: [piece.ref.component],
      startWithinMs,
      launch: () => launch(piece),
      trouble: (timeoutMs) => trouble(piece, timeoutMs),
    };
  }

  const program = runner.part<PostgresComponent>(programOf, () => null);

  function lacksOverlay({ plan, ref, spec }: Own): boolean {
    if (plan.params === null || spec.overlay.length === 0) return false;
    return records.get(ref.sandboxId)?.overlaid?.[ref.component] !== ref.generation;
  }

  async function overlay(piece: Own, signal: AbortSignal): Promise<void> {
    const grader = atUrl(urlOf(piece, ownCredentials(secrets, piece.ref, 'g')));
    // Once: the database says itself whether it was applied, also where this one is a copy of another.
    await applyOverlay(grader, naming.group('owner'), piece, signal);
    const { sandboxId, component, generation } = piece.ref;
    records.update(sandboxId, ({ overlaid }) => ({ overlaid: { ...overlaid, [component]: generation } }));
  }

  /** A replica that cannot go on from where it stands is copied anew. */
  async function start(piece: Own, signal: AbortSignal): Promise<void> {
    const primary = primaryOf(piece);
    try {
      await program.ensure(piece, signal);
    } catch (thrown) {
      if (primary === null || !isRunning(primary) || signal.aborted) throw thrown;
      await children.stop(piece.ref.sandboxId, piece.ref.component);
      await folders.remove(piece.ref);
      await folders.ensure(piece, signal);
      await program.ensure(piece, signal);
    }
  }

  return {
    async ensure(piece, signal) {
      const { sandboxId, component, generation } = piece.ref;
      // A stale caller with an older plan changes nothing.
      if ((records.get(sandboxId)?.tried?.[component] ?? 0) > generation) return;
      // What an older generation holds is not kept.
      if ((children.find(sandboxId, component)?.generation ?? generation) < generation)
        await children.kill(sandboxId, component, 'KILL', signal);
      await folders.ensure(piece, signal);
      // One that was stopped hears of nothing.
      if (isRunning(piece.ref) && (await trouble(piece, 2_000)) !== null) {
        signalServer(folders.data(piece.ref), 'SIGCONT');
      }
      await start(piece, signal);
      await folders.removeOlder(piece.ref);
      if (lacksOverlay(piece)) await overlay(piece, signal);
    },
    async observe(piece) {
      const seen = await program.observe(piece);
      if (seen.state !== 'running' || seen.generation !== piece.ref.generation) return seen;
      if (primaryOf(piece) !== null) return { ...seen, detail: detailOf[await follows(piece)] };
      return lacksOverlay(piece) ? { ...seen, state: 'starting' } : seen;
    },
    access(piece): ComponentAccess {
      const of = (role: 't' | 'c' | 'g' | 'a') => ownCredentials(secrets, ownerOf(piece), role);
      return {
        kind: 'postgres',
        host,
        port: portFor(piece.ref),
        database: ownDatabase,
        trainee: of('t'),
        checker: of('c'),
        grader: of('g'),
        apiRole: of('a').user,
      };
    },
    address: ({ ref }, port) => (port === 'main' ? { host, port: portFor(ref) } : null),
    async kill(piece, signal, abort) {
      const { sandboxId, component } = piece.ref;
      const data = folders.data(piece.ref);
      await children.kill(sandboxId, component, signal, abort);
      if (signal === 'KILL') await endRemains(data, labUser);
      else if (signal !== 'TERM') signalServer(data, `SIG${signal}`);
    },
    async stop(piece, signal) {
      await program.stop(piece, signal);
      await endRemains(folders.data(piece.ref), labUser);
    },
    lacks: lacksOfPostgres,
    async resetStatistics(piece) {
      const admin = createAdmin(urlOf(piece, superuserCredentials(secrets, ownerOf(piece))));
      try {
        await resetStatistics(admin, ownDatabase, piece.ref.component, piece.spec);
      } finally {
        await admin.close();
      }
    },
    apiUrl: (piece) => urlOf(piece, ownCredentials(secrets, ownerOf(piece), 'a')),
    async end(sandboxId) {
      for (const [component, { stop: how }] of Object.entries(records.get(sandboxId)?.children ?? {})) {
        if (how !== undefined) await children.kill(sandboxId, component, 'KILL', AbortSignal.timeout(5_000));
      }
      await folders.removeAll(sandboxId);
    },
  };
}
