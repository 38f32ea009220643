/** What a trial compares with the untouched start: in turns, step by step on both, and an error where the start fails. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { actionKinds } from '../../src/actions/registry.ts';
import { createJudge, type Judge } from '../../src/grading/judge/thread.ts';
import { noRecords } from '../../src/grading/records.ts';
import { runTrial } from '../../src/grading/trials/run-trial.ts';
import { observerKinds } from '../../src/observers/registry.ts';
import type { TrialSpec } from '../../src/templates/types.ts';
import { httpLook, templateOf } from '../support/graded-lab.ts';
import { testHandle } from '../support/handle.ts';
import { type BareServer, bareServer, jsonReply, sampleApi } from '../support/misbehave.ts';
import { act, trial } from '../support/trial-lab.ts';

let judge: Judge;
const servers: BareServer[] = [];
beforeAll(() => {
  judge = createJudge();
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});
afterAll(() => judge.close());

async function serve(name: string, log: string[]) {
  const server = await bareServer((socket) => {
    log.push(name);
    socket.end(jsonReply({ name }));
  });
  servers.push(server);
  return server.access;
}

function run(one: TrialSpec, fork: ReturnType<typeof sampleApi>, start: ReturnType<typeof sampleApi> | null) {
  const side = (api: ReturnType<typeof sampleApi>) => ({
    sandbox: testHandle({ api }),
    components: ['api'],
    whyDown: async () => null,
  });
  return runTrial(
    {
      version: templateOf([]),
      params: {},
      answers: {},
      records: noRecords,
      observers: observerKinds(),
      actions: actionKinds(),
      judge,
      limiter: (work) => work(),
      trial: one,
      attempt: {},
      drawn: (from) => from,
      fork: side(fork),
      start: start === null ? null : side(start),
      deadline: performance.now() + 10_000,
    },
    AbortSignal.timeout(20_000),
  );
}

const speed = httpLook('/', { repeat: { requests: 40, concurrency: 2, warmup: 0 } });
const observeSpeed = { do: 'observe', observe: { speed } } as const;
const beside = { beside: { components: ['api'] } };

describe('beside the start', () => {
  it('looks in turns, so that noise hits both alike', async () => {
    const log: string[] = [];
    const seen = await run(
      trial('race', [observeSpeed], beside),
      await serve('fork', log),
      await serve('start', log),
    );
    expect(seen.speed).toMatchObject({ outcome: 'seen', value: { errors: 0, start: { errors: 0 } } });
    const half = log.slice(0, log.length / 2);
    expect(half.filter((name) => name === 'start').length).toBeGreaterThan(half.length / 4);
  });

  it('does every step on both', async () => {
    const log: string[] = [];
    const post = act('post', 'http', { component: 'api', method: 'POST', path: '/' });
    const page = { do: 'observe', observe: { page: httpLook('/') } } as const;
    const seen = await run(
      trial('race', [post, page], beside),
      await serve('fork', log),
      await serve('start', log),
    );
    expect([...log].sort()).toEqual(['fork', 'fork', 'start', 'start']);
    expect(seen.page).toMatchObject({
      value: { json: { name: 'fork' }, start: { json: { name: 'start' } } },
    });
  });

  it('is our fault when the start does not do its part, and the trainee’s when only theirs does not', async () => {
    const gone = sampleApi(1);
    const post = act('post', 'http', { component: 'api', method: 'POST', path: '/' });
    const log: string[] = [];
    const ours = await run(trial('race', [post, observeSpeed], beside), await serve('fork', log), gone);
    expect(ours.speed).toMatchObject({ outcome: 'unseen', problem: 'untried' });
    const refuses = await bareServer((socket) => socket.end(jsonReply({}, '500 Oops')));
    servers.push(refuses);
    const theirs = await run(
      trial('race', [post, observeSpeed], beside),
      refuses.access,
      await serve('start', log),
    );
    expect(theirs.speed).toMatchObject({ outcome: 'unseen', problem: 'rejected', reason: /500/ });
  });
});
