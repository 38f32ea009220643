/** The whole way of a lab with servers of others: the control database by DATABASE_URL, the queue by REDIS_URL. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisProgram, startTestRedis, type TestRedis } from '../queue/redis.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { problemsAtStart } from './at-start.ts';
import { countThings } from './belongings.ts';
import type { Client } from './client.ts';
import { eventually, leftoversAfter, startWorld, type World } from './support.ts';
import { doSteps } from './trainee-steps.ts';

const id = 'dm-customer-lifecycle';
const missing = redisProgram() === null;

it('has a Redis to try', (context) => {
  if (!missing) return;
  const why = 'there is no program redis-server on the PATH, so nothing was tried on Redis';
  expect(process.env.LABWRIGHT_REQUIRE_ALL, `LABWRIGHT_REQUIRE_ALL=1, and ${why}`).not.toBe('1');
  console.warn(`SKIPPED: ${why}.`);
  context.skip(why);
});

describe.skipIf(missing)('with DATABASE_URL and REDIS_URL', () => {
  let postgres: TestPostgres;
  let redis: TestRedis;
  let world: World;
  let trainee: Client;
  let lab: string;

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startTestPostgres(), startTestRedis()]);
    const databaseUrl = await postgres.createDatabase();
    world = await startWorld({ databaseUrl, redisUrl: redis.url, spares: '1' });
    trainee = await world.trainee('ann');
  });
  afterAll(async () => {
    await world?.stop();
    await redis?.stop();
    await postgres?.stop();
  });

  it('keeps its queue in that Redis', async () => {
    const client = new Redis(redis.url);
    const keys = await client.keys('*');
    client.disconnect();
    expect(keys.length).toBeGreaterThan(0);
    const ready = (await (await fetch(`${world.url}/readyz`)).json()) as { parts: object };
    expect(ready.parts).toMatchObject({ database: 'up', queue: 'up' });
  });

  it('makes a lab that gives no points at its start', async () => {
    lab = (await trainee.create({ template: id })).id;
    await trainee.untilReady(lab, 60_000);
    const version = await world.runtime.templates.load(id);
    if (version === null) throw new Error(`${id} does not load`);
    expect(problemsAtStart(version.template, await world.instructor.grade(lab))).toEqual([]);
  });

  it('grades what was done while Redis was away', async () => {
    const version = await world.runtime.templates.load(id);
    const [steps = []] = Object.values(version?.template.solutions ?? {});
    await redis.restart(1_500);
    const done = await doSteps(world, lab, steps, false);
    expect(done.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
    const attempt = await trainee.grade(lab);
    expect(attempt).toMatchObject({ state: 'finished', points: attempt.maxPoints });
    await eventually(
      async () =>
        (await fetch(`${world.url}/readyz`).then((answer) => answer.text())).includes('"queue":"up"'),
      () => 'the queue to be up again',
    );
  });

  it('resets it, and ends it without a trace', async () => {
    await trainee.reset(lab);
    await trainee.untilReady(lab);
    expect((await trainee.grade(lab)).points).toBe(0);
    await trainee.remove(lab);
    await trainee.untilEnded(lab);
    expect(await leftoversAfter(world.installation)).toEqual([]);
    // What is left is the spare.
    expect((await countThings(world.installation)).database).toBeLessThanOrEqual(1);
  });
});
