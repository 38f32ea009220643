/** What goes wrong while a lab is used, done on purpose: the lab survives it or says what became of it. */
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startControlCluster, startLabsCluster } from '../../src/embedded/clusters.ts';
import { sandboxPart } from '../../src/sandbox/naming.ts';
import { countThings, processesOfSandboxes, query } from './belongings.ts';
import { type AccessWire, type Client, HttpProblem } from './client.ts';
import { clusterHome, eventually, leftoversAfter, startWorld, uniqueName, type World } from './support.ts';

const template = 'dm-customer-lifecycle';
const perTrainee = 3;
const everywhere = 9;

let world: World;
beforeAll(async () => {
  const quotas = { labsPerTrainee: String(perTrainee), labsGlobal: String(everywhere) };
  world = await startWorld({ spares: '1', ...quotas });
});
afterAll(async () => {
  await world?.stop();
});

describe('a lab in use', () => {
  let trainee: Client;
  let lab: string;
  let access: AccessWire;
  const fact = (component: string, name: string) => String(access.components[component]?.facts[name]);

  beforeAll(async () => {
    trainee = await world.trainee('ann');
    lab = (await trainee.create({ template })).id;
    await trainee.untilReady(lab, 60_000);
    access = await trainee.access(lab);
    await query(fact('database', 'url'), "update customers set phone = 'mine' where true");
  });

  /** Nobody else can read the table until the connection ends. */
  async function holdTable(table: string): Promise<pg.Client> {
    const url = new URL(world.installation.labsUrl);
    url.pathname = `/${fact('database', 'database')}`;
    const client = new pg.Client({ connectionString: url.href });
    // The reset may end it first.
    client.on('error', () => {});
    await client.connect();
    await client.query(`begin; lock table ${table} in access exclusive mode`);
    return client;
  }

  /** The trainee's work is still there, seen from where the trainee stands. */
  async function isUnharmed(): Promise<void> {
    expect((await trainee.untilReady(lab, 40_000)).status).toBe('ready');
    expect(await trainee.access(lab)).toEqual(access);
    await eventually(
      async () => (await signIn(access)) === 200,
      () => 'signing in to the sample API',
    );
    const rows = await query<{ phone: string }>(
      fact('database', 'url'),
      'select distinct phone from customers',
    );
    expect(rows).toEqual([{ phone: 'mine' }]);
  }

  it('shows a killed API as broken, and repairs it where it was', async () => {
    const [before] = await apiOf(lab);
    process.kill(before ?? Number.NaN, 'SIGKILL');
    const broken = await trainee.until(lab, ({ status }) => status === 'broken', 5_000);
    expect(broken.message).toMatch(/^broken: api is down.*repairing/);
    await isUnharmed();
    const after = await apiOf(lab);
    expect(after).toHaveLength(1);
    expect(after).not.toContain(before);
  });

  it('outlives the connections of the control database', async () => {
    const before = await apiOf(lab);
    const other = await (await world.trainee('bob')).create({ template });
    const answers = new Set<string>();
    const using = new AbortController();
    const use = async () => {
      while (!using.signal.aborted) {
        answers.add(await statusOf(trainee.lab(lab)));
      }
    };
    const users = [use(), use(), use()];
    for (let round = 0; round < 5; round += 1) {
      await endConnections(world.installation.controlUrl);
      await delay(250);
    }
    using.abort();
    await Promise.all(users);
    expect([...answers].filter((answer) => answer !== '503')).toEqual(['200']);
    await eventually(
      async () => (await fetch(`${world.url}/readyz`)).status === 200,
      () => 'readiness',
      5_000,
    );
    await isUnharmed();
    expect(await apiOf(lab)).toEqual(before);
    // The queue and the worker go on as well.
    await world.instructor.untilReady(other.id, 30_000);
    expect((await world.instructor.grade(other.id)).state).toBe('finished');
    await world.instructor.remove(other.id);
  });

  it('outlives the connections of the labs’ databases', async () => {
    const before = await apiOf(lab);
    expect(await signIn(access)).toBe(200);
    await endConnections(world.installation.labsUrl);
    await isUnharmed();
    expect(await apiOf(lab)).toEqual(before);
    expect((await trainee.grade(lab)).results.map(({ verdict }) => verdict)).not.toContain('error');
  });

  it.each([
    ['control database', startControlCluster],
    ['labs’ databases', startLabsCluster],
  ])(
    'outlives a restart of the server of the %s',
    async (_, start) => {
      const home = await clusterHome(world.installation.dataDir);
      const signal = AbortSignal.timeout(30_000);
      await (await start(home, signal)).stop();
      const answers = new Set<string>();
      for (const until = performance.now() + 2_000; performance.now() < until; ) {
        answers.add(await statusOf(trainee.lab(lab)));
      }
      // A lab whose database is away must not go on saying that it is ready; it is looked at every 15 s.
      if (start === startLabsCluster) await trainee.until(lab, ({ status }) => status === 'broken', 20_000);
      const again = await start(home, signal);
      world.onStop(() => again.stop());
      expect(again.adopted).toBe(false);
      expect([...answers].filter((answer) => !['200', '503'].includes(answer))).toEqual([]);
      await eventually(
        async () => (await fetch(`${world.url}/readyz`)).status === 200,
        () => 'readiness',
        5_000,
      );
      await isUnharmed();
      expect((await trainee.grade(lab)).results.map(({ verdict }) => verdict)).not.toContain('error');
    },
    90_000,
  );

  it('gives no grade for what was reset under the grader', async () => {
    // Held up in its look at the customers, the grader cannot be done before the reset is.
    const holder = await holdTable('customers');
    const number = await trainee.startGrading(lab);
    await eventually(
      async () => (await trainee.attempt(lab, number)).state === 'running',
      () => 'the attempt to run',
    );
    await trainee.reset(lab);
    await holder.end().catch(() => {});
    const attempt = await trainee.untilGraded(lab, number);
    expect(attempt).toMatchObject({ state: 'void', points: null, results: [] });
    expect(attempt.voidReason).toMatch(/reset/i);
    await trainee.untilReady(lab);
    expect(await trainee.grade(lab)).toMatchObject({ state: 'finished', points: 0 });
  });

  it('comes to one end when it is reset twice at once', async () => {
    access = await trainee.access(lab);
    await query(fact('database', 'url'), "update customers set phone = 'mine' where true");
    const answers = await Promise.allSettled([
      trainee.reset(lab),
      trainee.reset(lab),
      trainee.reset(lab, { components: ['api'] }),
    ]);
    const refused = answers.flatMap((one) => (one.status === 'rejected' ? [one.reason as HttpProblem] : []));
    expect(refused.filter(({ code }) => code !== 'conflict')).toEqual([]);
    expect(refused.length).toBeLessThan(3);
    await trainee.untilReady(lab);
    access = await trainee.access(lab);
    expect(await signIn(access)).toBe(200);
    const mine = "select count(*)::int as n from customers where phone = 'mine'";
    expect(await query(fact('database', 'url'), mine)).toEqual([{ n: 0 }]);
    expect(await leftoversAfter(world.installation)).toEqual([]);
    expect(await apiOf(lab)).toHaveLength(1);
  });

  it('ends and leaves nothing', async () => {
    await trainee.remove(lab);
    expect((await trainee.untilEnded(lab)).endReason).toBe('deleted');
    expect(await leftoversAfter(world.installation)).toEqual([]);
  });
});

describe('a lab that is not there yet', () => {
  it('is deleted while it is being made, at any moment of it', async () => {
    const trainee = await world.trainee('eve');
    const labs = await Promise.all(Array.from({ length: perTrainee }, () => trainee.create({ template })));
    await Promise.all(
      labs.map(async ({ id }, at) => {
        await delay(at * 250);
        await trainee.remove(id);
        expect((await trainee.untilEnded(id)).endReason).toBe('deleted');
      }),
    );
    expect(await leftoversAfter(world.installation)).toEqual([]);
  });
});

describe('quotas', () => {
  const outcome = (asked: Promise<{ id: string }>) =>
    asked.then(
      ({ id }) => id,
      (problem: unknown) =>
        problem instanceof HttpProblem ? `${problem.status} ${problem.code}` : String(problem),
    );
  let mine: readonly string[];

  it('give one trainee exactly as many labs as they may have, of 40 asked for at once', async () => {
    const trainee = await world.trainee('greedy');
    const asked = Array.from({ length: 40 }, () => outcome(trainee.create({ template, ttl: '4s' })));
    const outcomes = await Promise.all(asked);
    const refusals = outcomes.filter((one) => one === '429 quota_trainee');
    mine = outcomes.filter((one) => one.startsWith('lab-'));
    expect([mine.length, refusals.length]).toEqual([perTrainee, 40 - perTrainee]);
  });

  it('are free again when labs expire', async () => {
    const trainee = await world.trainee('greedy');
    const ended = await Promise.all(mine.map((id) => trainee.untilEnded(id, 20_000)));
    expect(ended.map(({ endReason }) => endReason)).toEqual(mine.map(() => 'expired'));
    for (const { endedAt, expiresAt } of ended) {
      expect(Date.parse(endedAt ?? '') - Date.parse(expiresAt)).toBeLessThan(8_000);
    }
    const again = await trainee.create({ template });
    await trainee.remove(again.id);
    await trainee.untilEnded(again.id);
  });

  it('hold for all together, of 40 trainees at once', async () => {
    const asked = Array.from({ length: 40 }, () =>
      outcome(world.instructor.create({ template, trainee: uniqueName('trainee') })),
    );
    const outcomes = await Promise.all(asked);
    const made = outcomes.filter((one) => one.startsWith('lab-'));
    const refusals = outcomes.filter((one) => one === '429 quota_global');
    await Promise.all(made.map((id) => world.instructor.remove(id)));
    expect([made.length, refusals.length]).toEqual([everywhere, 40 - everywhere]);
    await Promise.all(made.map((id) => world.instructor.untilEnded(id)));
  });

  it('leave nothing behind', async () => {
    expect(await leftoversAfter(world.installation)).toEqual([]);
    const { database, process } = await countThings(world.installation);
    // The one spare that the template keeps.
    expect([database, process].every((count) => count <= 1)).toBe(true);
  });
});

/** `200`, or what a request was refused with. */
function statusOf(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => '200',
    (problem: unknown) => (problem instanceof HttpProblem ? String(problem.status) : String(problem)),
  );
}

/** Pids of a lab's API. */
async function apiOf(lab: string): Promise<readonly number[]> {
  const caller = { role: 'instructor', subject: 'test' } as const;
  const { sandbox } = await world.runtime.labs.getLabWithTemplate(caller, lab);
  const part = sandboxPart(sandbox?.id ?? '');
  return processesOfSandboxes(world.installation.id)
    .filter((one) => one.sandbox === part)
    .map(({ pid }) => pid);
}

/** The status of the trainee's sign-in to the sample API, which asks its database. */
async function signIn({ components }: AccessWire): Promise<number> {
  const { url, user, password } = components.api?.facts ?? {};
  const response = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: user, password }),
  });
  await response.arrayBuffer();
  return response.status;
}

/** Ends every connection to the server but the one that does it. */
async function endConnections(url: string): Promise<void> {
  const ended = await query(
    url,
    "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'",
  );
  if (ended.length === 0) throw new Error('there was no connection to end');
}
