/** A trainee whose database fights back when the grader tries their work out on a copy of it. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TrialSpec } from '../../src/templates/types.ts';
import { check, sqlLook } from '../support/graded-lab.ts';
import { graderSql, openTrialLab, startTrialWorld, type TrialWorld, trial } from '../support/trial-lab.ts';

let world: TrialWorld;
beforeAll(async () => {
  world = await startTrialWorld();
});
afterAll(() => world.stop());

const deadlineSeconds = 2;
const steps: TrialSpec['steps'] = [
  graderSql('add', `insert into facts values ('two', 2)`),
  { do: 'observe', observe: { after: sqlLook('select count(*)::int as n from facts') } },
];

/** A trigger on every copy, as a fork takes the live one over. That it is the grader who inserts it sees by the role. */
async function everywhere(body: string): Promise<void> {
  for (const db of world.pool)
    await db.trainee(`
      create or replace function fight() returns trigger language plpgsql as $do$ ${body} $do$;
      create or replace trigger fights before insert on facts for each row
        when (current_user like 'g\\_%') execute function fight();`);
}
afterEach(async () => {
  for (const db of world.pool) await db.trainee('drop function if exists fight cascade');
});

/** Sessions of the graders in the copies that still do something. */
async function working(): Promise<number> {
  const counts = world.pool.map(async (db) => {
    const { user } = db.access.grader;
    const { rows } = await db.admin(
      `select count(*)::int as n from pg_stat_activity where usename = '${user}' and state <> 'idle'`,
    );
    return Number(rows[0]?.n);
  });
  return (await Promise.all(counts)).reduce((sum, n) => sum + n, 0);
}

async function graded(body: string, more: Partial<TrialSpec> = {}) {
  await everywhere(body);
  const lab = await openTrialLab(
    world,
    [
      check('tried', 'after.rows[0].n == 2', {}, { trial: 'copy' }),
      check('other', 'own.rowCount == 1', { own: sqlLook('select n from facts') }),
    ],
    { trials: [trial('copy', steps, { deadlineSeconds, ...more })] },
  );
  const start = performance.now();
  const attempt = await lab.grade();
  const ms = performance.now() - start;
  const [tried, other] = attempt?.results ?? [];
  return { ms, tried, other, lab };
}

describe('a trigger of the trainee’s that the grader’s insert fires', () => {
  it('does no harm when it is honest', async () => {
    const { tried, other } = await graded('begin return new; end');
    expect([tried?.verdict, other?.verdict]).toEqual(['pass', 'pass']);
  });

  const forever = {
    sleeps: 'begin perform pg_sleep(3600); return new; end',
    'loops, and swallows being cancelled': `
      declare n int := 0;
      begin
        loop
          begin
            perform set_config('statement_timeout', '0', false);
            perform set_config('client_connection_check_interval', '0', false);
            loop n := (n + 1) % 1000; end loop;
          exception when query_canceled then n := 0;
          end;
        end loop;
      end`,
    'waits for a lock that it holds in another way': `
      begin
        perform pg_advisory_lock(4711);
        perform pg_sleep(3600);
        return new;
      end`,
  };
  it.each(Object.entries(forever))(
    'that %s ends with the trial, and its session with it',
    async (_, body) => {
      const { ms, tried, other, lab } = await graded(body);
      expect(tried?.verdict).toBe('fail');
      expect(other?.verdict).toBe('pass');
      expect(ms).toBeLessThan((deadlineSeconds + 3) * 1_000);
      expect(lab.leftOver()).toEqual([]);
      await expect.poll(working, { timeout: 10_000 }).toBe(0);
    },
    30_000,
  );

  const refuses = {
    raises: `begin raise exception 'no'; end`,
    'raises with the code of a broken connection': `begin raise exception 'no' using errcode = '57P01'; end`,
    'raises with the code of a server that starts': `begin raise exception 'no' using errcode = '57P03'; end`,
    'raises as if the connection had failed': `begin raise exception 'no' using errcode = '08006'; end`,
    'ends its own session': 'begin perform pg_terminate_backend(pg_backend_pid()); return new; end',
    'says what is larger than anybody reads': `begin raise exception '%', repeat('x', 30000000); end`,
    'drops what it swallows': 'begin return null; end',
    'reaches for other databases': `begin perform dblink('dbname=postgres', 'select 1'); return new; end`,
    'reaches for programs': `begin copy facts to program 'touch /tmp/labwright-was-here'; return new; end`,
    'reaches for files': `begin perform pg_read_file('/etc/passwd'); return new; end`,
    'makes itself superuser': `begin execute 'alter role ' || current_user || ' superuser'; return new; end`,
  };
  it.each(Object.entries(refuses))(
    'that %s is the trainee’s, and is no trouble of ours',
    async (_, body) => {
      const { tried, other } = await graded(body);
      expect(tried?.verdict).toBe('fail');
      expect(tried?.message?.length).toBeLessThan(1_000);
      expect(other?.verdict).toBe('pass');
    },
    30_000,
  );

  it('that notifies, warns and fills the answer without end passes, for what it says is not read', async () => {
    const { tried } = await graded(`
      begin
        for n in 1..2000 loop
          raise notice '%', repeat('x', 1000); raise warning '%', repeat('y', 1000);
          perform pg_notify('flood' || n, repeat('z', 1000));
        end loop;
        return new;
      end`);
    expect(tried?.verdict).toBe('pass');
  }, 30_000);

  it('that holds a lock of the server’s for ever keeps nobody else from it', async () => {
    const { lab } = await graded('begin perform pg_advisory_lock(4711); return new; end');
    expect(lab.leftOver()).toEqual([]);
    await expect.poll(working, { timeout: 10_000 }).toBe(0);
    const [db] = world.pool;
    expect((await db?.admin('select pg_try_advisory_lock(4711) as free'))?.rows).toEqual([{ free: true }]);
    await db?.admin('select pg_advisory_unlock_all()');
  });

  it('that locks the grader out is the trainee’s, for the checker still gets in', async () => {
    const twice = [steps[0], graderSql('more', `insert into facts values ('three', 3)`), ...steps.slice(1)];
    const { tried, other } = await graded(
      `begin execute format('alter role %I password %L', current_user, 'mine'); return new; end`,
      { steps: twice.filter((one) => one !== undefined) },
    );
    expect(tried).toMatchObject({ verdict: 'fail', message: /a step failed: 28P01/ });
    expect(other?.verdict).toBe('pass');
    for (const { admin, access } of world.pool) {
      await admin(`alter role ${access.grader.user} password '${access.grader.password}'`);
    }
  });

  it('that repeats what was drawn for this attempt in its refusal tells nobody', async () => {
    const said = `begin raise exception 'got %', new.name; end`;
    const draws = { word: { draw: 'secret', redact: true, length: 12 } } as const;
    const secret = graderSql('add', 'insert into facts values ($1, 2)', ['{{attempt.word}}']);
    const { tried } = await graded(said, { draws, steps: [secret, ...steps.slice(1)] });
    expect(tried).toMatchObject({ verdict: 'fail', message: /a step failed: P0001: got •••/ });
    const open = graderSql('add', 'insert into facts values ($1, 2)', ['nothing secret']);
    const control = await graded(said, { draws, steps: [open, ...steps.slice(1)] });
    expect(control.tried?.message).toMatch(/got nothing secret/);
  });
});
