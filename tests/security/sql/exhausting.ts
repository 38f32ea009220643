/** Attacks on the grader's time, memory and disk, and with values that break whoever reads them. */
import type { Duplex } from 'node:stream';
import pg from 'pg';
import type { Observation, ObserverKind, SandboxHandle, Value } from '../../../src/grading/types.ts';
import { presentable } from '../../../src/grading/values/message.ts';
import { observerKinds } from '../../../src/observers/registry.ts';
import { sqlObserver } from '../../../src/observers/sql.ts';
import { type Attack, attack, outcome } from '../attack.ts';
import { withLimits } from '../weaker-limits.ts';
import { asSuperuser, asTrainee, type HostileWorld, isWon, type Lab } from '../world.ts';
import {
  type Effort,
  endSessions,
  gradeOrders,
  isStuck,
  prepared,
  readWith,
  rolesOf,
  tryGrading,
} from './orders-lab.ts';

const noLimit = 2 ** 31 - 1;
const asView = (select: string) => [`create view answer as ${select}`];
const readAnswer = { query: 'select n from answer' };
const soon: Effort = { input: { deadlineSeconds: 1 } };
/** Longer than the deadline and its second. */
const tooLongMs = 2_500;

/** Wins when the grader waits: the same look with an hour of the server's time and no clock of ours is its control. */
const stalling = (name: string, trainee: readonly string[]): Attack<HostileWorld> =>
  attack({
    family: 'sql',
    name,
    defence: 'a look’s own clock, which ends the session from outside',
    off: 'the server’s statement_timeout alone, an hour of it',
    async run(world, signal) {
      const lab = await prepared(world, { trainee }, signal);
      const graded = await gradeOrders(world, lab, { ...readAnswer, ...soon }, signal);
      const working = await stillWorking(world, lab);
      return outcome(isWon(graded) || working > 0, { ...graded, working });
    },
    async control(world, signal) {
      const lab = await prepared(world, { trainee }, signal);
      const done = await isStuck(readWith(lab, readAnswer.query, {}, signal, 3_600_000), tooLongMs);
      await endSessions(world, lab);
      return done;
    },
  });

/** Sessions of the checker's that do something; waits until there are none, for a few seconds. */
async function stillWorking(world: HostileWorld, lab: Lab): Promise<number> {
  const { checker } = rolesOf(world, lab);
  const asked = `select count(*)::int as n from pg_stat_activity where usename = '${checker}' and state = 'active'`;
  for (const until = performance.now() + 8_000; ; ) {
    const [row] = (await asSuperuser(world, lab, 'select pg_sleep(0.1)', asked)) as { n: number }[];
    if (row?.n === 0 || performance.now() > until) return row?.n ?? 0;
  }
}

/** Wins when much more arrives than a look may read, given half a minute for it. */
const pouring = (
  name: string,
  trainee: readonly string[],
  weaker: Parameters<typeof withLimits>[0],
): Attack<HostileWorld> => {
  const poured = async (world: HostileWorld, signal: AbortSignal) => {
    const lab = await prepared(world, { trainee }, signal);
    const count = counted(lab.sandbox);
    const read = readWith({ ...lab, sandbox: count.sandbox }, 'select * from answer', {}, signal, 30_000);
    const seen = await read.then(({ rowCount }) => `${rowCount} rows`, String);
    return outcome(count.bytes() > 8e6, `${count.bytes()} bytes; ${seen}`);
  };
  return attack({
    family: 'sql',
    name,
    defence: 'caps on rows and on what arrives',
    off: `no cap: ${Object.keys(weaker).join(', ')}`,
    run: poured,
    control: (world, signal) => withLimits(weaker, () => poured(world, signal)),
  });
};

/** The look's rows with what a careless reader would have made of them. */
function careless(change: (value: Value) => Value): NonNullable<Effort['input']> {
  const naive: ObserverKind = {
    ...(sqlObserver as ObserverKind),
    async observe(spec, context, signal): Promise<Observation> {
      const seen = await (sqlObserver as ObserverKind).observe(spec, context, signal);
      if (seen.outcome !== 'seen') return seen;
      const { rows, ...rest } = seen.value as { rows: readonly { readonly n: Value }[] };
      return { ...seen, value: { ...rest, rows: rows.map((row) => ({ ...row, n: change(row.n) })) } };
    },
  };
  return { observers: new Map([...observerKinds(), ['sql', naive]]) };
}

/** Whatever could not be seen is taken for our own fault. */
function forgiving(): NonNullable<Effort['input']> {
  const naive: ObserverKind = {
    ...(sqlObserver as ObserverKind),
    async observe(spec, context, signal): Promise<Observation> {
      const seen = await (sqlObserver as ObserverKind).observe(spec, context, signal);
      return seen.outcome === 'seen' ? seen : { ...seen, problem: 'bug' };
    },
  };
  return { observers: new Map([...observerKinds(), ['sql', naive]]) };
}

const value = (
  name: string,
  defence: string,
  effort: Effort,
  change: (value: Value) => Value,
): Attack<HostileWorld> =>
  attack({
    family: 'sql',
    name,
    defence,
    off: 'a careless reader in the place of ours',
    run: (world, signal) => tryGrading(world, effort, signal),
    control: (world, signal) => tryGrading(world, { ...effort, input: careless(change) }, signal),
  });

/** Bytes that come from the database, whatever becomes of them. */
function counted(sandbox: SandboxHandle): { readonly sandbox: SandboxHandle; bytes(): number } {
  const streams: Duplex[] = [];
  let bytes = 0;
  return {
    bytes: () => bytes,
    sandbox: {
      ...sandbox,
      async dial(...asked) {
        const stream = await sandbox.dial(...asked);
        streams.push(stream);
        stream.on('data', (chunk: Buffer) => {
          bytes += chunk.byteLength;
        });
        stream.pause();
        return stream;
      },
    },
  };
}

const notices = `create function shout() returns int language plpgsql as $$ begin
  perform set_config('client_min_messages', 'notice', false);
  for i in 1..30000 loop raise notice '%', repeat('x', 1000); end loop; return 0; end $$`;

const spill = asView('select count(*)::int as n from generate_series(1::bigint, 6000000)');

/** Wins when the server has written what the view makes it write, some 150 MB. */
async function spilled(world: HostileWorld, effort: Effort, signal: AbortSignal) {
  const lab = await prepared(world, effort, signal);
  const seen = await readWith(lab, readAnswer.query, {}, signal, 60_000).then(({ rows }) => rows, String);
  return outcome(typeof seen !== 'string', seen);
}

/** Whether PostgreSQL keeps the text and the evidence that come of a value. */
async function isRecordable(world: HostileWorld, text: string, jsonb: string | null): Promise<boolean> {
  const client = new pg.Client({ connectionString: world.test.labsUrl });
  await client.connect();
  try {
    await client.query('select $1::text, $2::jsonb', [text, jsonb]);
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}

const unstorable = (name: string, json: string): Attack<HostileWorld> => {
  const effort: Effort = { query: `select '${json}'::json as n`, that: 'a.rows[0].n == 0' };
  return attack({
    family: 'sql',
    name,
    defence: 'evidence as bytes, messages without control characters and lone surrogates',
    off: 'the value itself in the message and in jsonb',
    async run(world, signal) {
      const lab = await prepared(world, effort, signal);
      const graded = await gradeOrders(world, lab, effort, signal);
      const kept = graded.evidence > 0 && (await isRecordable(world, graded.message ?? '', null));
      return outcome(isWon(graded) || !kept, { ...graded, kept });
    },
    async control(world) {
      const said = JSON.parse(json) as string;
      const kept = await isRecordable(world, `There is ${said}.`, JSON.stringify(said));
      return outcome(!kept, `kept: ${kept}; presentable: ${presentable(said)}`);
    },
  });
};

export const exhausting: readonly Attack<HostileWorld>[] = [
  stalling('a function that swallows its cancelling', [
    `create function stubborn() returns int language plpgsql as $$ begin
      perform set_config('statement_timeout', '0', false);
      perform set_config('client_connection_check_interval', '0', false);
      loop begin perform pg_sleep(60); exception when query_canceled then null; end; end loop; end $$`,
    ...asView('select stubborn() as n'),
  ]),
  stalling('a function that counts for ever and swallows its cancelling', [
    `create function busy() returns int language plpgsql as $$ declare n int := 0; begin
      perform set_config('client_connection_check_interval', '0', false);
      loop begin loop n := (n + 1) % 1000; end loop; exception when query_canceled then null; end; end loop; end $$`,
    ...asView('select busy() as n'),
  ]),
  stalling('a view that sleeps', asView('select 0 as n from pg_sleep(3600)')),
  stalling(
    'a view over numbers without end',
    // One after the other: what is kept of them, such as in a recursion, ends at the limit of temporary files.
    asView('select max(n) as n from (select generate_series(1, 1000000000000) as n) s'),
  ),
  attack({
    family: 'sql',
    name: 'a lock on the table that is graded',
    defence: 'a look’s own clock',
    off: 'the server’s statement_timeout alone, an hour of it',
    run: (world, signal) =>
      locked(world, signal, async (lab) => {
        const graded = await gradeOrders(world, lab, soon, signal);
        return outcome(isWon(graded), graded);
      }),
    control: (world, signal) =>
      locked(world, signal, (lab) =>
        isStuck(readWith(lab, 'select count(*) from orders', {}, signal, 3_600_000), tooLongMs),
      ),
  }),
  attack({
    family: 'sql',
    name: 'temporary files without end, in the checker’s name',
    defence: 'temp_file_limit of the checker’s role',
    off: 'the role without a limit',
    run: (world, signal) => spilled(world, { trainee: spill }, signal),
    control: (world, signal) =>
      spilled(
        world,
        { trainee: spill, off: (lab) => [`alter role ${rolesOf(world, lab).checker} reset temp_file_limit`] },
        signal,
      ),
  }),
  pouring(
    'a hundred thousand rows',
    asView(`select g as n, repeat('x', 250) as x from generate_series(1, 100000) g`),
    {
      sqlRows: noLimit,
      sqlBytes: noLimit,
      sqlWireBytes: noLimit,
    },
  ),
  pouring('one row of 30 MB', asView(`select repeat('x', 30000000) as n`), { sqlWireBytes: noLimit }),
  pouring('a flood of notices', [notices, ...asView('select shout() as n')], { sqlWireBytes: noLimit }),
  attack({
    family: 'sql',
    name: 'dropping the schema that every look goes through, to be charged nothing',
    defence: 'what is not there is the trainee’s own doing (the table of attribution)',
    off: 'whatever cannot be seen is taken for a fault of ours',
    run: (world, signal) => tryGrading(world, { trainee: ['drop schema public cascade'] }, signal),
    control: (world, signal) =>
      tryGrading(world, { trainee: ['drop schema public cascade'], input: forgiving() }, signal),
  }),
  value(
    'NaN against a bound the wrong way round',
    'NaN stays text, which meets no bound',
    { query: `select 'NaN'::float8 as n`, that: '!(a.rows[0].n > 100)' },
    Number,
  ),
  value(
    'a moment at infinity',
    'a moment that no date holds stays text',
    {
      query: `select 'infinity'::timestamptz as n`,
      that: '!(a.rows[0].n > timestamp("2024-01-01T00:00:00Z"))',
    },
    (raw) => new Date(String(raw)),
  ),
  value(
    'a number of 2,000 digits',
    'a number that no double holds stays text',
    { query: `select repeat('9', 2000)::numeric as n`, that: '!(a.rows[0].n < 100) && a.rows[0].n > 100' },
    Number,
  ),
  unstorable('a NUL in JSON', '"\\u0000"'),
  unstorable('half of a surrogate pair in JSON', '"\\ud800"'),
];

async function locked<T>(
  world: HostileWorld,
  signal: AbortSignal,
  work: (lab: Lab) => Promise<T>,
): Promise<T> {
  const lab = await prepared(world, {}, signal);
  const held = asTrainee(
    world,
    lab,
    'begin',
    'lock table orders in access exclusive mode',
    'select pg_sleep(3600)',
  );
  const ended = held.catch(() => null);
  const isHeld = `select count(*)::int as n from pg_locks where mode = 'AccessExclusiveLock' and granted
    and relation = 'orders'::regclass`;
  for (let n = 0; n === 0; ) {
    const [row] = (await asSuperuser(world, lab, isHeld)) as { n: number }[];
    n = row?.n ?? 0;
  }
  try {
    return await work(lab);
  } finally {
    await endSessions(world, lab);
    await ended;
  }
}
