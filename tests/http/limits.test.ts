import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckResult } from '../../src/grading/types.ts';
import { result, sampleVersion } from './sample-version.ts';
import { client, startWorld, type World } from './world.ts';

const grading = { deadlineSeconds: 30, onDemandEverySeconds: 0 };
const limited = (id: string, more: object) => ({
  ...sampleVersion({ id, grading: { ...grading, ...more } }),
  hash: `hash-of-${id}`,
});
const looks = [{ name: 'LOOK-NAME', at: '2026-03-01T09:00:00.000Z', durationMs: 12 }];
const poor: readonly CheckResult[] = [
  { ...result('open', 'fail', 0, 10), looks },
  { ...result('title-only', 'fail', 0, 5), looks },
  { ...result('after-submit', 'fail', 0, 7), looks },
];

let world: World;
let ines: ReturnType<typeof client>;

beforeAll(async () => {
  world = await startWorld({
    versions: [
      limited('two-tries', { attempts: 2 }),
      limited('cooling', { coolDown: { after: 1, forSeconds: 90 } }),
      limited('free', {}),
    ],
  });
  ines = client(world.app, await world.token('instructor', 'ines'));
});
afterAll(() => world.stop());

async function readyLab(name: string, template: string, group?: string) {
  const who = client(world.app, await world.token('trainee', name));
  const { json: lab } = await who('POST', '/labs', {
    template,
    ...(group === undefined ? {} : { class: group }),
  });
  await world.makeReady(lab.id, { email: 'x@example.org', key: 'SECRET-PARAM' });
  const id: string = lab.id;
  return {
    who,
    id,
    try: async () => {
      const asked = await who('POST', `/labs/${id}/attempts`, {});
      if (asked.status === 202) await world.grade(id, poor);
      return asked;
    },
    standing: async () => (await who('GET', `/labs/${id}/progress`)).json,
  };
}

describe('attempts on demand', () => {
  it('are counted down, end, and leave handing in', async () => {
    const lab = await readyLab('ann', 'two-tries');
    expect((await lab.standing()).onDemand).toEqual({
      used: 0,
      attempts: 2,
      left: 2,
      nextAt: null,
      because: null,
    });
    await lab.try();
    expect((await lab.standing()).onDemand).toMatchObject({ used: 1, left: 1 });
    await lab.try();
    const refused = await lab.try();
    expect([refused.status, refused.json.code, refused.json.attempts]).toEqual([409, 'attempts_used_up', 2]);
    expect(refused.json.detail).toMatch(/hand in/);
    expect((await lab.standing()).onDemand).toMatchObject({ left: 0, nextAt: null });
    expect((await lab.who('POST', `/labs/${lab.id}/attempts`, { final: true })).status).toBe(202);
  });

  it('of an instructor are neither refused nor counted', async () => {
    const lab = await readyLab('bea', 'two-tries');
    for (let n = 0; n < 3; n++) {
      expect((await ines('POST', `/labs/${lab.id}/attempts`, {})).status).toBe(202);
      await world.grade(lab.id, poor);
    }
    expect((await lab.standing()).onDemand).toMatchObject({ used: 0, left: 2 });
    expect((await lab.try()).status).toBe(202);
  });

  it('cool down after what gained nothing, and say until when', async () => {
    const lab = await readyLab('cleo', 'cooling');
    expect((await lab.try()).status).toBe(202);
    const refused = await lab.try();
    expect([refused.status, refused.json.code]).toEqual([429, 'too_soon']);
    const seconds = Number(refused.headers['retry-after']);
    expect(seconds).toBeGreaterThan(30);
    expect(seconds).toBeLessThanOrEqual(90);
    const { onDemand } = await lab.standing();
    expect(onDemand).toMatchObject({ because: 'coolDown', left: null });
    expect(Date.parse(onDemand.nextAt) - Date.now()).toBeLessThanOrEqual(95_000);
  });

  it('are not had anew with another lab of a class', async () => {
    await ines('PUT', '/classes/db-1', { title: 'DB 1' });
    const first = await readyLab('dora', 'two-tries', 'db-1');
    await first.try();
    await first.try();
    const second = await readyLab('dora', 'two-tries', 'db-1');
    expect((await second.standing()).onDemand).toMatchObject({ used: 2, left: 0 });
    expect((await second.try()).json.code).toBe('attempts_used_up');
  });

  it('cannot both take the last one', async () => {
    await ines('PUT', '/classes/db-1', { title: 'DB 1' });
    const labs = [await readyLab('eve', 'two-tries', 'db-1'), await readyLab('eve', 'two-tries', 'db-1')];
    await labs[0]?.try();
    const both = await Promise.all(labs.map(({ who, id }) => who('POST', `/labs/${id}/attempts`, {})));
    expect(both.map(({ status }) => status).sort()).toEqual([202, 409]);
  });
});

describe('a template', () => {
  it('tells its limits before anybody begins', async () => {
    const told = async (id: string) => (await ines('GET', `/templates/${id}`)).json.grading;
    expect(await told('two-tries')).toEqual({ everySeconds: 0, attempts: 2, coolDown: null });
    expect(await told('cooling')).toMatchObject({ attempts: null, coolDown: { after: 1, forSeconds: 90 } });
  });
});

describe('the time of a class', () => {
  const hourAgo = () => new Date(Date.now() - 3_600_000).toISOString();
  const put = (late: string, at = hourAgo()) =>
    ines('PUT', '/classes/due', { title: 'Due', due: { free: { at, late } } });

  it('marks later work, and says so', async () => {
    await put('mark');
    const lab = await readyLab('fay', 'free', 'due');
    expect((await lab.standing()).due).toMatchObject({ late: 'mark' });
    const asked = await lab.who('POST', `/labs/${lab.id}/attempts`, { final: true });
    expect(asked.json.lateSeconds).toBeGreaterThanOrEqual(3_600);
    await world.grade(lab.id, poor);
    expect((await lab.standing()).submitted.lateSeconds).toBe(asked.json.lateSeconds);
  });

  it('refuses later work, and takes what is in time', async () => {
    await put('refuse');
    const lab = await readyLab('gil', 'free', 'due');
    const refused = await lab.who('POST', `/labs/${lab.id}/attempts`, { final: true });
    expect([refused.status, refused.json.code]).toEqual([409, 'past_due']);
    expect((await lab.try()).status).toBe(202);
    await put('refuse', new Date(Date.now() + 3_600_000).toISOString());
    const taken = await lab.who('POST', `/labs/${lab.id}/attempts`, { final: true });
    expect([taken.status, taken.json.lateSeconds]).toEqual([202, null]);
  });
});

describe('a look', () => {
  it('says when it was, by name to instructors, and nothing while its check is hidden', async () => {
    const lab = await readyLab('hal', 'free');
    await lab.try();
    const seen = async (who: ReturnType<typeof client>) =>
      (await who('GET', `/labs/${lab.id}/attempts/1`)).json.results.map(
        (one: { looks: unknown }) => one.looks,
      );
    const [{ at, durationMs }] = looks as [(typeof looks)[0]];
    expect(await seen(lab.who)).toEqual([[{ at, durationMs }], [], []]);
    expect(await seen(ines)).toEqual([looks, looks, looks]);
  });
});

describe('a hint', () => {
  it('tells its price before it is taken', async () => {
    const lab = await readyLab('ida', 'free');
    const hints = async () => (await lab.standing()).tasks[0].checks[0].hints;
    expect(await hints()).toMatchObject({ taken: [], available: 2, nextPenalty: 0 });
    await lab.who('POST', `/labs/${lab.id}/checks/open/hints`, {});
    expect(await hints()).toMatchObject({ nextPenalty: 3 });
    expect((await lab.standing()).penalty).toBe(0);
    await lab.who('POST', `/labs/${lab.id}/checks/open/hints`, { number: 2 });
    expect(await hints()).toMatchObject({ nextPenalty: null });
    expect((await lab.standing()).penalty).toBe(3);
  });
});
