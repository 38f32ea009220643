/** Attacks on what all labs of one server share. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { postgresAccess } from '../../contracts/driver-contract-plans.ts';
import { type Attack, attack, type Outcome, outcome } from '../attack.ts';
import { asSuperuser, asTrainee, type HostileWorld, inSession, type Lab } from '../world.ts';
import { type Effort, gradeOrders, prepared, rolesOf } from './orders-lab.ts';
import { bareTrainee, type SharedServerWorld, sessions } from './server.ts';

type To = pg.ClientConfig;

const traineeOf = ({ test }: HostileWorld, { plan }: Lab): To => {
  const { host, port, database, trainee } = postgresAccess(test.driver, plan);
  return { host, port, database, ...trainee };
};

const honest: Effort = { that: 'a.rows[0].n == 20' };

/** Wins when an honest neighbour's check does not pass within five seconds of the attack. */
async function harms(world: HostileWorld, neighbour: Lab, signal: AbortSignal): Promise<Outcome> {
  for (const until = performance.now() + 5_000; ; await sleep(100)) {
    const graded = await gradeOrders(world, neighbour, honest, signal);
    if (graded.verdict === 'pass') return outcome(false, graded);
    if (performance.now() > until) return outcome(true, graded);
  }
}

/** A session that is left open and does what it is told; what it is told after it was ended is lost. */
async function open(to: To): Promise<pg.Client> {
  const client = new pg.Client(to);
  client.on('error', () => {});
  await client.connect();
  return client;
}

const allLocks = `do $$ declare i int := 0; begin
  loop i := i + 1; begin perform pg_advisory_lock(i); exception when others then return; end; end loop; end $$`;

async function takesAllLocks(to: To): Promise<pg.Client> {
  const greedy = await open(to);
  // Those that are left when a hundred at once would not fit.
  await greedy.query(allLocks).catch(() => {});
  return greedy;
}

/** As many sessions as the server gives. */
async function takesAllSessions(to: To, work: (taken: number) => Promise<Outcome>): Promise<Outcome> {
  const taken: pg.Client[] = [];
  try {
    for (let n = 0; n < sessions; n += 1) taken.push(await open(to));
  } catch {
    // No more are given.
  }
  try {
    return await work(taken.length);
  } finally {
    await Promise.all(taken.map((client) => client.end().catch(() => {})));
  }
}

const canConnect = (connectionString: string) =>
  inSession({ connectionString }, ['select 1']).then(
    () => true,
    () => false,
  );

const prepares = [
  'begin',
  'create table if not exists kept (n int)',
  'lock table kept in access exclusive mode',
  `prepare transaction 'left'`,
];

/** Notifications of 7,000 bytes to one who listens and reads none. */
async function notifies(to: To, megabytes: number): Promise<Outcome> {
  const deaf = await open(to);
  try {
    await deaf.query('listen noise');
    await deaf.query('begin');
    await deaf.query('select 1');
    const flood = `do $$ begin for i in 1..${megabytes * 143} loop
      perform pg_notify('noise', i || repeat('x', 7000)); end loop; end $$`;
    const refused = await inSession(to, [flood]).then(() => null, String);
    return outcome(refused === null, refused ?? `${megabytes} MB were taken`);
  } finally {
    await deaf.end();
  }
}

/** Of one more column each: names and numbers do not make another statement. */
const distinct = `do $$ begin for i in 1..1200 loop execute 'select 1' || repeat(',1', i); end loop; end $$`;

async function fillsStatistics(
  world: HostileWorld,
  off: Effort['off'],
  signal: AbortSignal,
): Promise<Outcome> {
  const lab = await prepared(world, off === undefined ? {} : { off }, signal);
  await asSuperuser(world, lab, 'create extension if not exists pg_stat_statements');
  await asTrainee(world, lab, distinct);
  const asked = `select count(*)::int as n from pg_stat_statements
    where dbid = (select oid from pg_database where datname = current_database())`;
  const [row] = (await asSuperuser(world, lab, asked)) as { n: number }[];
  return outcome((row?.n ?? 0) > 1_000, `${row?.n} statements are kept`);
}

export const sharing: readonly Attack<SharedServerWorld>[] = [
  attack({
    family: 'sql',
    name: 'every lock of the server',
    defence: 'the lock guard ends the sessions of a lab that holds too many',
    off: 'a server that nobody guards',
    async run({ guarded }, signal) {
      const [lab, neighbour] = [await prepared(guarded, {}, signal), await prepared(guarded, {}, signal)];
      const greedy = await takesAllLocks(traineeOf(guarded, lab));
      try {
        return await harms(guarded, neighbour, signal);
      } finally {
        await greedy.end().catch(() => {});
      }
    },
    async control(world) {
      const greedy = await takesAllLocks(bareTrainee(world));
      try {
        for (const until = performance.now() + 3_000; performance.now() < until; await sleep(100))
          if (await canConnect(world.bare.adminUrl)) return outcome(false, 'the server lets others in');
        return outcome(true, 'nobody could connect for three seconds');
      } finally {
        await greedy.end();
      }
    },
  }),
  attack({
    family: 'sql',
    name: 'every session of the server',
    defence: 'CONNECTION LIMIT of the trainee’s role',
    off: 'the role without one',
    run: ({ guarded }, signal) => crowds(guarded, undefined, signal),
    control: ({ guarded }, signal) =>
      crowds(guarded, (lab) => [`alter role ${rolesOf(guarded, lab).trainee} connection limit -1`], signal),
  }),
  attack({
    family: 'sql',
    name: 'a prepared transaction that keeps its locks for ever',
    defence: 'the server takes none (max_prepared_transactions)',
    off: 'a server that takes them',
    async run({ guarded }, signal) {
      const lab = await prepared(guarded, {}, signal);
      const refused = await inSession(traineeOf(guarded, lab), prepares).then(() => null, String);
      return outcome(refused === null, refused ?? 'it was prepared');
    },
    async control(world) {
      const refused = await inSession(bareTrainee(world), prepares).then(() => null, String);
      const held = `select count(*)::int as n from pg_prepared_xacts`;
      const rows = await inSession({ connectionString: world.bare.adminUrl }, [held]);
      if (refused === null) await inSession(bareTrainee(world), [`rollback prepared 'left'`]);
      return outcome(refused === null, { refused, rows });
    },
  }),
  attack({
    family: 'sql',
    name: 'a queue of notifications that fills the disk',
    defence: 'max_notify_queue_pages',
    off: 'PostgreSQL’s own setting',
    async run({ guarded }, signal) {
      return notifies(traineeOf(guarded, await prepared(guarded, {}, signal)), 80);
    },
    control: (world) => notifies(bareTrainee(world), 80),
  }),
  attack({
    family: 'sql',
    name: 'statements that push out what is known of the neighbours’',
    defence: 'only what clients send is counted (pg_stat_statements.track)',
    off: 'what functions send is counted, too',
    run: ({ guarded }, signal) => fillsStatistics(guarded, undefined, signal),
    control: ({ guarded }, signal) =>
      fillsStatistics(
        guarded,
        (lab) => [`alter role ${rolesOf(guarded, lab).trainee} set pg_stat_statements.track = 'all'`],
        signal,
      ),
  }),
  attack({
    family: 'sql',
    name: 'the control database, with a lab’s credentials',
    defence: 'it is on another server, which does not know a lab’s roles',
    off: 'it is on the labs’ server, as PostgreSQL makes databases',
    async run({ guarded, bare }, signal) {
      const to = traineeOf(guarded, await prepared(guarded, {}, signal));
      const { port } = new URL(bare.adminUrl);
      const refused = await inSession({ ...to, port: Number(port), database: 'postgres' }, ['select 1']).then(
        () => null,
        String,
      );
      return outcome(refused === null, refused ?? 'let in');
    },
    async control({ guarded }, signal) {
      const lab = await prepared(guarded, {}, signal);
      await asSuperuser(guarded, lab, 'create database control');
      try {
        const to = { ...traineeOf(guarded, lab), database: 'control' };
        const refused = await inSession(to, ['select 1']).then(() => null, String);
        return outcome(refused === null, refused ?? 'let in');
      } finally {
        await asSuperuser(guarded, lab, 'drop database control');
      }
    },
  }),
];

async function crowds(world: HostileWorld, off: Effort['off'], signal: AbortSignal): Promise<Outcome> {
  const lab = await prepared(world, off === undefined ? {} : { off }, signal);
  const neighbour = await prepared(world, {}, signal);
  return takesAllSessions(traineeOf(world, lab), async (taken) => {
    const { verdict, internal } = await gradeOrders(world, neighbour, honest, signal);
    return outcome(verdict !== 'pass', { verdict, internal, taken });
  });
}
