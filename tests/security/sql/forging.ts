/** Attacks that make the check see what is not so. */
import pg from 'pg';
import { readRows } from '../../../src/observers/sql-look.ts';
import { postgresAccess } from '../../contracts/driver-contract-plans.ts';
import { type Attack, attack, outcome } from '../attack.ts';
import { type HostileWorld, type Lab, withAccess } from '../world.ts';
import { type Effort, gradeOrders, prepared, readWith, rolesOf, tryGrading, unpaid } from './orders-lab.ts';

type Forgery = Pick<Attack, 'name' | 'defence' | 'off'> & {
  readonly effort: Effort;
  readonly weaker: Effort;
};

/** The same doings twice, graded as they are and in a weaker way. */
const forgery = ({ name, defence, off, effort, weaker }: Forgery): Attack<HostileWorld> =>
  attack({
    family: 'sql',
    name,
    defence,
    off,
    run: (world, signal) => tryGrading(world, effort, signal),
    control: (world, signal) => tryGrading(world, { ...effort, ...weaker }, signal),
  });

const tables = { views: false };
const throughViews: Effort = { look: { views: true } };

/** The guard asks what the trainee owns: told another name, it finds nothing. */
const anotherTrainee: Effort = {
  through: (sandbox, { test }) =>
    withAccess(sandbox, (access) => ({
      ...access,
      trainee: { ...access.trainee, user: decodeURIComponent(new URL(test.labsUrl).username) },
    })),
};

const inPlace = (view: string) => [
  'alter table orders rename to real_orders',
  `create view orders as ${view}`,
];
const askingWho = `create function told(mood) returns text language sql as
  $$ select case when current_user like '%\\_c' then 'paid' else $1.v end $$`;

const asCatalogue = `create table public.pg_indexes (indexname text);
  insert into public.pg_indexes values ('orders_by_email')`;
const indexQuery = `select count(*)::int as n from pg_indexes where indexname = 'orders_by_email'`;

/** An owner of the database may do this; a trainee is none. */
const pathForAll: Effort = {
  off: (lab, world) => [
    `alter database ${rolesOf(world, lab).database} set search_path = public, pg_catalog`,
  ],
  trainee: [asCatalogue],
};

/** While the trainee's session has a temporary table of the name. */
async function overlaid(
  world: HostileWorld,
  signal: AbortSignal,
  isFooled: (lab: Lab, session: pg.Client) => Promise<boolean>,
) {
  const lab = await prepared(world, {}, signal);
  const { host, port, database, trainee } = postgresAccess(world.test.driver, lab.plan);
  const types = { getTypeParser: () => (raw: string) => raw };
  const session = new pg.Client({ host, port, database, ...trainee, types });
  await session.connect();
  try {
    await session.query(`create temp table orders as select id, 'paid'::text as status from public.orders`);
    const fooled = await isFooled(lab, session);
    return outcome(fooled, `fooled: ${fooled}`);
  } finally {
    await session.end();
  }
}

export const forging: readonly Attack<HostileWorld>[] = [
  forgery({
    name: 'a view with better rows in the place of a table',
    defence: '`views: false` reads tables only',
    off: '`views: true`',
    effort: {
      trainee: inPlace(`select id, email, 'paid'::text as status, total from real_orders`),
      look: tables,
    },
    weaker: throughViews,
  }),
  forgery({
    name: 'a view that answers the checker otherwise than the trainee',
    defence: '`views: false` reads tables only',
    off: '`views: true`',
    effort: {
      trainee: inPlace(`select id, email, total,
        case when current_user like '%\\_c' then 'paid' else status end as status from real_orders`),
      look: tables,
    },
    weaker: throughViews,
  }),
  forgery({
    name: 'an operator for which nothing is unpaid',
    defence: 'the guard against shadows of the catalogue',
    off: 'the guard asks for what somebody else owns',
    effort: {
      trainee: [
        `create function never(text, text) returns bool language sql as 'select false'`,
        'alter table orders alter status type varchar(20)',
        `create function never(varchar, varchar) returns bool language sql as 'select false'`,
        'create operator <> (leftarg = varchar, rightarg = varchar, function = never)',
      ],
      look: tables,
    },
    weaker: anotherTrainee,
  }),
  forgery({
    name: 'a function that is nearer than the catalogue’s own',
    defence: 'the guard against shadows of the catalogue',
    off: 'the guard asks for what somebody else owns',
    effort: {
      trainee: [
        `create function lower(varchar) returns text language sql as $$ select 'paid' $$`,
        'alter table orders alter status type varchar(20)',
      ],
      query: `select count(*)::int as n from orders where lower(status) <> 'paid'`,
      look: tables,
    },
    weaker: anotherTrainee,
  }),
  forgery({
    name: 'a cast that gives the checker another value than the trainee',
    defence: 'a look at tables refuses casts that were made',
    off: '`views: true`, which reads what the trainee has written',
    effort: {
      trainee: [
        'create type mood as (v text)',
        askingWho,
        'create cast (mood as text) with function told(mood) as implicit',
        'alter table orders alter status type mood using row(status)::mood',
      ],
      look: tables,
    },
    weaker: throughViews,
  }),
  forgery({
    name: 'a collation in which open equals paid',
    defence: 'a look at tables refuses collations with rules',
    off: '`views: true`, which reads what the trainee has written',
    effort: {
      trainee: [
        `create collation same (provider = icu, locale = 'und', deterministic = false, rules = '&open=paid')`,
        'alter table orders alter status type text collate same',
      ],
      look: tables,
    },
    weaker: throughViews,
  }),
  forgery({
    name: 'a function of the row in the place of a column',
    defence: 'a look at tables refuses functions that read as columns',
    off: '`views: true`, which reads what the trainee has written',
    effort: {
      trainee: [`create function settled(orders) returns bool language sql as 'select true'`],
      query: 'select count(*)::int as n from orders o where not o.settled',
      look: tables,
    },
    weaker: throughViews,
  }),
  forgery({
    name: 'a function of any record in the place of a column',
    defence: 'a look at tables refuses functions that read as columns',
    off: '`views: true`, which reads what the trainee has written',
    effort: {
      trainee: [
        `create function settled(record, int default 0) returns bool language plpgsql as 'begin return true; end'`,
      ],
      query: 'select count(*)::int as n from orders o where not o.settled',
      look: tables,
    },
    weaker: throughViews,
  }),
  forgery({
    name: 'a policy that hides from the checker what is not done',
    defence: 'the checker is above policies (BYPASSRLS)',
    off: 'the checker without it',
    effort: {
      trainee: [
        'alter table orders enable row level security',
        `create policy p on orders using (current_user not like '%\\_c')`,
      ],
    },
    weaker: { off: (lab, world) => [`alter role ${rolesOf(world, lab).checker} nobypassrls`] },
  }),
  forgery({
    name: 'a policy, where the checker was put below policies',
    defence: 'a look at tables refuses rows that a policy filters (row_security)',
    off: '`views: true`, whose rows are as the policies say',
    effort: {
      off: (lab, world) => [`alter role ${rolesOf(world, lab).checker} nobypassrls`],
      trainee: [
        'alter table orders enable row level security',
        `create policy p on orders using (current_user not like '%\\_c')`,
      ],
      look: tables,
    },
    weaker: throughViews,
  }),
  attack({
    family: 'sql',
    name: 'a table named like one of the catalogue',
    defence: 'pg_catalog comes first in the search path of a look',
    off: 'a session whose search path begins at public',
    run: (world, signal) =>
      tryGrading(world, { trainee: [asCatalogue], query: indexQuery, that: 'a.rows[0].n == 1' }, signal),
    async control(world, signal) {
      const lab = await prepared(world, { trainee: [asCatalogue] }, signal);
      const { rows } = await readWith(lab, indexQuery, { search_path: 'public,pg_catalog' }, signal);
      return outcome(rows[0]?.n === 1, rows);
    },
  }),
  attack({
    family: 'sql',
    name: 'a search path that was set for everybody in the database',
    defence: 'a look’s session names its search path itself',
    off: 'a session that does not',
    run: (world, signal) =>
      tryGrading(world, { ...pathForAll, query: indexQuery, that: 'a.rows[0].n == 1' }, signal),
    async control(world, signal) {
      const lab = await prepared(world, pathForAll, signal);
      const { rows } = await readWith(lab, indexQuery, {}, signal);
      return outcome(rows[0]?.n === 1, rows);
    },
  }),
  attack({
    family: 'sql',
    name: 'a temporary table over the real one',
    defence: 'a look has a session of its own',
    off: 'the trainee’s own session is read',
    run: (world, signal) =>
      overlaid(world, signal, async (lab) =>
        gradeOrders(world, lab, {}, signal).then(({ verdict }) => verdict === 'pass'),
      ),
    control: (world, signal) =>
      overlaid(world, signal, async (_, session) => (await readRows(session, unpaid, [])).rows[0]?.n === 0),
  }),
];
