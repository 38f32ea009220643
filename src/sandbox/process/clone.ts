/** Copying a whole database on the labs' server, from a template database or from one that is in use. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Admin, quote, sqlState } from '../postgres/admin.ts';

export interface Cloning {
  /** Nobody may connect to the copy yet, not even a superuser. Nobody is in `template`. */
  fromTemplate(name: string, template: string): Promise<void>;
  /**
   * Ends all sessions of `origin`; new ones wait until the copy is made, and nothing has to be undone should we not
   * live to see it. Only a superuser may connect to the copy yet.
   */
  fromLive(name: string, origin: string): Promise<void>;
}

export function createCloning(admin: Admin): Cloning {
  let strategy: Promise<'FILE_COPY' | 'WAL_LOG'> | null = null;

  /**
   * FILE_COPY begins and ends with a checkpoint. With fsync off (our own cluster) that costs nothing, and eight clones
   * of 10 MB take 100 ms instead of 264, of 207 MB 1.0 s instead of 1.4. With fsync on all others would feel it, and
   * WAL_LOG takes half the time.
   */
  function chooseStrategy(): Promise<'FILE_COPY' | 'WAL_LOG'> {
    strategy ??= admin.query<{ fsync: string }>('SHOW fsync').then(
      ([row]) => (row?.fsync === 'off' ? 'FILE_COPY' : 'WAL_LOG'),
      (thrown: unknown) => {
        strategy = null;
        throw thrown;
      },
    );
    return strategy;
  }

  async function create(name: string, from: string, options: string): Promise<void> {
    await admin.query(
      `CREATE DATABASE ${quote(name)} TEMPLATE ${quote(from)} STRATEGY ${await chooseStrategy()} ${options}`,
    );
  }

  /** The server goes on with the copy of a Labwright that was killed; that one is of another moment. */
  async function createAnew(name: string, origin: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await create(name, origin, 'CONNECTION LIMIT 0');
      } catch (thrown) {
        const state = sqlState(thrown);
        if (attempt === 3 || (state !== '42P04' && state !== '23505')) throw thrown;
        await admin.query(`DROP DATABASE IF EXISTS ${quote(name)} WITH (FORCE)`);
      }
    }
  }

  /** Ends the sessions of a database. */
  async function endSessions(origin: string): Promise<{ readonly ended: number; readonly held: boolean }> {
    const [row] = await admin.query<{ ended: number; held: boolean }>(
      // The lock is looked at first: whoever came in before it was taken is among the sessions then. The server would
      // look every 100 ms whether an ended one is gone; that is not waited for.
      `WITH held AS MATERIALIZED (
         SELECT EXISTS (
           SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.objid
           WHERE l.locktype = 'object' AND l.classid = 'pg_database'::regclass AND d.datname = $1
             AND l.mode = 'ShareLock' AND l.granted) AS held)
       SELECT held.held, (SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                          WHERE datname = $1 AND held.held IS NOT NULL)::int AS ended
       FROM held`,
      [origin],
    );
    return row ?? { ended: 0, held: false };
  }

  return {
    fromTemplate: (name, template) => create(name, template, 'ALLOW_CONNECTIONS false'),
    async fromLive(name, origin) {
      await chooseStrategy();
      // The server, too, looks only every 100 ms whether all have left: almost always they have before it looks first.
      for (let look = 0; look < 10 && (await endSessions(origin)).ended > 0; look += 1) await delay(1);
      // From its start on the server lets nobody into the origin; those who came in before are ended meanwhile. Were
      // the origin closed instead, a crash would leave it closed, and trainees would see errors rather than wait.
      let isOver = false;
      const made = createAnew(name, origin).finally(() => {
        isOver = true;
      });
      const emptied = (async () => {
        while (!isOver) {
          const { ended, held } = await endSessions(origin);
          if (held && ended === 0) return;
          await delay(10);
        }
      })();
      await Promise.all([made, emptied]);
    },
  };
}
