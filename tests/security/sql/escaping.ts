/** Attacks that reach out of the lab, or at what is not the trainee's in it. */
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { postgresAccess } from '../../contracts/driver-contract-plans.ts';
import { type Attack, attack, type Outcome, outcome } from '../attack.ts';
import { asSuperuser, asTrainee, type HostileWorld, inSession, type Lab, withAccess } from '../world.ts';
import { type Effort, gradeOrders, prepared, readWith, rolesOf, tryGrading } from './orders-lab.ts';

const readAnswer = { query: 'select n from answer' };

/** What came of statements: null when they were done, else PostgreSQL's word. */
async function refusal(work: Promise<unknown>): Promise<string | null> {
  return work.then(
    () => null,
    (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown)),
  );
}

const superuserOf = ({ test }: HostileWorld) => {
  const { username, password } = new URL(test.labsUrl);
  return { user: decodeURIComponent(username), password: decodeURIComponent(password) };
};

const asSuperuserChecker: Effort = {
  through: (sandbox, world) => withAccess(sandbox, (access) => ({ ...access, checker: superuserOf(world) })),
};

/** Wins when the program has run as the server's own user. */
async function runsProgram(world: HostileWorld, weaker: Effort, signal: AbortSignal): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'labwright-marks-'));
  chmodSync(folder, 0o777);
  const mark = join(folder, 'was-here');
  try {
    const trainee = [
      `create function run_it() returns int language plpgsql as $$ begin
        copy (select 1) to program 'touch ${mark}'; return 1; end $$`,
      'create view answer as select run_it() as n',
    ];
    const lab = await prepared(world, { trainee }, signal);
    const graded = await gradeOrders(world, lab, { ...readAnswer, ...weaker }, signal);
    return outcome(existsSync(mark), graded);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const readsFile: Effort = {
  trainee: [`create view answer as select pg_read_file('/etc/passwd') as n`],
  ...readAnswer,
  that: `a.rows[0].n.contains('root')`,
};

/** Wins when this can be done by the trainee, which is tried as it is or with what `off` gives them first. */
const forbidden = (
  one: Pick<Attack, 'name' | 'defence' | 'off'>,
  statements: (lab: Lab, world: HostileWorld) => readonly string[],
  off: NonNullable<Effort['off']>,
): Attack<HostileWorld> => {
  const tried = async (world: HostileWorld, effort: Effort, signal: AbortSignal) => {
    const lab = await prepared(world, effort, signal);
    const refused = await refusal(asTrainee(world, lab, ...statements(lab, world)));
    return outcome(refused === null, refused ?? 'done');
  };
  return attack({
    family: 'sql',
    ...one,
    run: (world, signal) => tried(world, {}, signal),
    control: (world, signal) => tried(world, { off }, signal),
  });
};

/** Wins when the trainee gets into another database. */
const visiting = (
  one: Pick<Attack, 'name' | 'defence' | 'off'>,
  target: (world: HostileWorld, lab: Lab, signal: AbortSignal) => Promise<string>,
  open: (database: string, trainee: string) => readonly string[],
  close: (database: string, trainee: string) => readonly string[],
): Attack<HostileWorld> => {
  const enter = async (world: HostileWorld, lab: Lab, database: string) => {
    const { host, port, trainee } = postgresAccess(world.test.driver, lab.plan);
    const refused = await refusal(inSession({ host, port, database, ...trainee }, ['select 1']));
    return outcome(refused === null, refused ?? 'let in');
  };
  return attack({
    family: 'sql',
    ...one,
    async run(world, signal) {
      const lab = await prepared(world, {}, signal);
      return enter(world, lab, await target(world, lab, signal));
    },
    async control(world, signal) {
      const lab = await prepared(world, {}, signal);
      const database = await target(world, lab, signal);
      const { trainee } = rolesOf(world, lab);
      await asSuperuser(world, lab, ...open(database, trainee));
      try {
        return await enter(world, lab, database);
      } finally {
        await asSuperuser(world, lab, ...close(database, trainee));
      }
    },
  });
};

const grant = (database: string, trainee: string) => [
  `grant connect on database "${database}" to ${trainee}`,
];
const revoke = (database: string, trainee: string) => [
  `revoke connect on database "${database}" from ${trainee}`,
];

const writer = [
  'grant insert on marks to public',
  `create function note_it() returns int language plpgsql as $$ begin
    begin perform set_config('transaction_read_only', 'off', false); exception when others then null; end;
    begin perform set_config('default_transaction_read_only', 'off', false); exception when others then null; end;
    insert into marks default values; return 1; end $$`,
  'create view answer as select note_it() as n',
];

const lazy = [
  `create function work() returns int language plpgsql security definer as $$ begin
    update orders set status = 'paid'; return (select count(*) from orders where status <> 'paid'); end $$`,
  'create view answer as select work() as n',
];

const marks = async (world: HostileWorld, lab: Lab) => {
  const [row] = (await asSuperuser(world, lab, 'select count(*)::int as n from marks')) as { n: number }[];
  return row?.n ?? 0;
};

/** Wins when the sessions of an honest check are disturbed by what the trainee does meanwhile. */
const disturbing = (name: string, call: string): Attack<HostileWorld> => {
  const tried = async (world: HostileWorld, off: Effort['off'], signal: AbortSignal) => {
    const lab = await prepared(world, off === undefined ? {} : { off }, signal);
    const { checker } = rolesOf(world, lab);
    const stop = new AbortController();
    const disturb = async () => {
      const said = new Set<string>();
      while (!stop.signal.aborted) {
        const all = `select ${call}(pid) from pg_stat_activity where usename = '${checker}'`;
        said.add((await refusal(asTrainee(world, lab, all))) ?? 'done');
        await sleep(20);
      }
      return [...said];
    };
    const disturbed = disturb();
    const honest = {
      query: `select count(*)::int as n from orders, pg_sleep(0.5)`,
      that: 'a.rows[0].n == 20',
    };
    const graded = await gradeOrders(world, lab, honest, signal);
    stop.abort();
    return outcome(graded.verdict !== 'pass', { ...graded, said: await disturbed });
  };
  return attack({
    family: 'sql',
    name,
    defence: 'the trainee is no member of the checker’s role',
    off: 'the trainee may signal other sessions (pg_signal_backend)',
    run: (world, signal) => tried(world, undefined, signal),
    control: (world, signal) =>
      tried(world, (lab) => [`grant pg_signal_backend to ${rolesOf(world, lab).trainee}`], signal),
  });
};

const reachesOut = (world: HostileWorld, lab: Lab): readonly string[] => {
  const { host, port, database, trainee } = postgresAccess(world.test.driver, lab.plan);
  const to = `host=${host} port=${port} dbname=${database} user=${trainee.user} password=${trainee.password}`;
  return [
    `create view answer as select 1 as n from (select dblink_exec('${to}', 'insert into marks default values')) d`,
  ];
};

async function triesDblink(
  world: HostileWorld,
  install: (lab: Lab) => Promise<unknown>,
  signal: AbortSignal,
) {
  const lab = await prepared(world, {}, signal);
  const refused =
    (await refusal(install(lab))) ?? (await refusal(asTrainee(world, lab, ...reachesOut(world, lab))));
  await gradeOrders(world, lab, readAnswer, signal);
  const n = await marks(world, lab);
  return outcome(n > 0, { n, refused });
}

async function closesTheDoor(world: HostileWorld, off: Effort['off'], signal: AbortSignal): Promise<Outcome> {
  const lab = await prepared(world, off === undefined ? {} : { off }, signal);
  const { checker } = rolesOf(world, lab);
  const refused = await refusal(
    asTrainee(
      world,
      lab,
      `create function keep_out() returns event_trigger language plpgsql as $$ begin
        if session_user = '${checker}' then raise exception 'closed'; end if; end $$`,
      'create event trigger door on login execute function keep_out()',
    ),
  );
  const graded = await gradeOrders(world, lab, { that: 'a.rows[0].n == 20' }, signal);
  return outcome(graded.verdict !== 'pass', { ...graded, refused });
}

export const escaping: readonly Attack<HostileWorld>[] = [
  attack({
    family: 'sql',
    name: 'COPY TO PROGRAM in a function that the checker calls',
    defence: 'the checker is no superuser',
    off: 'a checker that is one',
    run: (world, signal) => runsProgram(world, {}, signal),
    control: (world, signal) => runsProgram(world, asSuperuserChecker, signal),
  }),
  attack({
    family: 'sql',
    name: 'a view of the server’s files',
    defence: 'the checker is no superuser',
    off: 'a checker that is one',
    run: (world, signal) => tryGrading(world, readsFile, signal),
    control: (world, signal) => tryGrading(world, { ...readsFile, ...asSuperuserChecker }, signal),
  }),
  attack({
    family: 'sql',
    name: 'dblink, to write from within a look',
    defence: 'a trainee can install no extension',
    off: 'the extension installed',
    run: (world, signal) =>
      triesDblink(world, (lab) => asTrainee(world, lab, 'create extension dblink'), signal),
    control: (world, signal) =>
      triesDblink(world, (lab) => asSuperuser(world, lab, 'create extension dblink'), signal),
  }),
  attack({
    family: 'sql',
    name: 'a view that writes while it is read',
    defence: 'a look is read-only, which nothing in it can change (transaction_read_only)',
    off: 'a session that is not',
    async run(world, signal) {
      const lab = await prepared(world, { trainee: writer }, signal);
      const graded = await gradeOrders(world, lab, readAnswer, signal);
      const n = await marks(world, lab);
      return outcome(n > 0, { ...graded, n });
    },
    async control(world, signal) {
      const lab = await prepared(world, { trainee: writer }, signal);
      await readWith(lab, readAnswer.query, { default_transaction_read_only: 'off' }, signal);
      const n = await marks(world, lab);
      return outcome(n > 0, `${n} rows written`);
    },
  }),
  attack({
    family: 'sql',
    name: 'a function with its owner’s rights that does the work while it is looked at',
    defence: 'a look is read-only, whoever’s rights it has (SECURITY DEFINER)',
    off: 'a session that is not',
    run: (world, signal) => tryGrading(world, { trainee: lazy, ...readAnswer }, signal),
    async control(world, signal) {
      const lab = await prepared(world, { trainee: lazy }, signal);
      const { rows } = await readWith(
        lab,
        readAnswer.query,
        { default_transaction_read_only: 'off' },
        signal,
      );
      return outcome(rows[0]?.n === 0, rows);
    },
  }),
  visiting(
    {
      name: 'another lab’s database',
      defence: 'nobody but a lab’s roles may connect to its database',
      off: 'the right to connect given',
    },
    async (world, _, signal) => rolesOf(world, await prepared(world, {}, signal)).database,
    grant,
    revoke,
  ),
  visiting(
    {
      name: 'the server’s own database',
      defence: 'the right to connect is taken from everybody',
      off: 'the right to connect given',
    },
    async () => 'postgres',
    grant,
    revoke,
  ),
  visiting(
    {
      name: 'the database that labs are copied from',
      defence: 'it takes no connections, and nobody may connect',
      off: 'connections allowed, and the right given',
    },
    async (world, lab) => {
      const { database } = rolesOf(world, lab);
      const prefix = database.slice(0, database.indexOf('_s_')).replaceAll('_', '\\_');
      const templates = `select datname as name from pg_database where datname like '${prefix}\\_t\\_%'`;
      const [row] = (await asSuperuser(world, lab, templates)) as { name: string }[];
      if (row === undefined) throw new Error('no template database was found');
      return row.name;
    },
    (database, trainee) => [
      `alter database "${database}" allow_connections true`,
      ...grant(database, trainee),
    ],
    (database, trainee) => [
      ...revoke(database, trainee),
      `alter database "${database}" allow_connections false`,
    ],
  ),
  forbidden(
    {
      name: 'the verifiers of all passwords',
      defence: 'a trainee cannot read pg_authid',
      off: 'pg_read_all_data given',
    },
    () => ['select rolname, rolpassword from pg_authid'],
    (lab, world) => [`grant pg_read_all_data to ${rolesOf(world, lab).trainee}`],
  ),
  forbidden(
    {
      name: 'settings of the checker’s role',
      defence: 'a trainee has no say over other roles',
      off: 'CREATEROLE, and ADMIN of the checker, given',
    },
    (lab, world) => [`alter role ${rolesOf(world, lab).checker} set transform_null_equals = on`],
    (lab, world) => {
      const { trainee, checker } = rolesOf(world, lab);
      return [`alter role ${trainee} createrole`, `grant ${checker} to ${trainee} with admin option`];
    },
  ),
  forbidden(
    {
      name: 'settings of the whole database, such as default_transaction_read_only',
      defence: 'the database does not belong to the trainee',
      off: 'it does',
    },
    (lab, world) => [
      `alter database ${rolesOf(world, lab).database} set default_transaction_read_only = off`,
    ],
    (lab, world) => {
      const { database, trainee } = rolesOf(world, lab);
      return [`alter database ${database} owner to ${trainee}`];
    },
  ),
  forbidden(
    {
      name: 'becoming the checker',
      defence: 'the trainee is no member of the checker’s role',
      off: 'membership given',
    },
    (lab, world) => [`set role ${rolesOf(world, lab).checker}`],
    (lab, world) => {
      const { trainee, checker } = rolesOf(world, lab);
      return [`grant ${checker} to ${trainee}`];
    },
  ),
  forbidden(
    {
      name: 'a schema that comes before public in a look’s search path',
      defence: 'a trainee can make no schema',
      off: 'CREATE on the database given',
    },
    () => ['create schema lab_statistics', 'create table lab_statistics.orders (status text)'],
    (lab, world) => {
      const { database, trainee } = rolesOf(world, lab);
      return [`grant create on database ${database} to ${trainee}`];
    },
  ),
  disturbing('ending the checker’s session', 'pg_terminate_backend'),
  disturbing('cancelling the checker’s statement', 'pg_cancel_backend'),
  attack({
    family: 'sql',
    name: 'an event trigger that lets the checker not in',
    defence: 'event triggers are the superuser’s',
    off: 'a trainee who is one',
    run: (world, signal) => closesTheDoor(world, undefined, signal),
    control: (world, signal) =>
      closesTheDoor(world, (lab) => [`alter role ${rolesOf(world, lab).trainee} superuser`], signal),
  }),
];
