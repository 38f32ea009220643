import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actionKinds } from '../../src/actions/registry.ts';
import { stubAction } from '../../src/actions/stub.ts';
import { createFiller } from '../../src/grading/values/fill.ts';
import type { ComponentAccess } from '../../src/lab/ports.ts';
import { client, filled, type RunningStub, startStub, token } from '../stub/running-stub.ts';
import { actContext, testHandle } from '../support/handle.ts';

let stub: RunningStub;
beforeAll(async () => {
  stub = await startStub(filled('partner.yaml'), { TRAINEE: 'mood' });
});
afterAll(async () => stub?.stop());

function act(asked: object) {
  const partner: ComponentAccess = {
    kind: 'stub',
    url: stub.url,
    host: '127.0.0.1',
    port: stub.port,
    controlToken: token,
  };
  const handle = testHandle(
    { partner, gone: partner },
    {
      control: {
        partner: { host: '127.0.0.1', port: stub.controlPort },
        gone: { host: '127.0.0.1', port: 1 },
      },
    },
  );
  const context = actContext(handle, {
    fill: createFiller({ attempt: { rng: 42 } }, { missing: 'throw' }),
  });
  return stubAction.run(stubAction.spec.parse(asked), context, AbortSignal.timeout(10_000));
}

const mood = async () => (await fetch(`${stub.url}/_stub/mood`)).json();

const charge = async (bearer: string) =>
  (
    await fetch(`${stub.url}/charges`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body: '{"order":"o","amount":1}',
    })
  ).status;

describe('stub', () => {
  it('is a step of its own', () => {
    expect(actionKinds().get('stub')).toBe(stubAction);
    expect(stubAction.spec.safeParse({ component: 'partner' }).success).toBe(false);
    expect(stubAction.spec.safeParse({ component: 'partner', seed: 1, expireTokens: true }).success).toBe(
      false,
    );
  });

  it('changes the mood, with a seed that is drawn', async () => {
    expect(await act({ component: 'partner', mood: 'storm', seed: '{{attempt.rng}}' })).toEqual({
      ok: true,
      value: { mood: 'storm' },
    });
    expect(await mood()).toMatchObject({ mood: 'storm', seed: 42 });
    expect(await act({ component: 'partner', mood: 'calm' })).toMatchObject({ ok: true });
    expect(await mood()).toMatchObject({ mood: 'calm', seed: 0 });
  });

  it('says which moods there are when it is none of them', async () => {
    const outcome = await act({ component: 'partner', mood: 'sunny' });
    expect(outcome).toMatchObject({ ok: false, reason: expect.stringMatching(/calm, storm, slow/) });
  });

  it('makes the partner forget its tokens', async () => {
    const answer = await fetch(`${stub.url}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: client.id,
        client_secret: client.secret,
      }),
    });
    const { access_token } = (await answer.json()) as { access_token: string };
    expect(await charge(access_token)).toBe(201);
    expect(await act({ component: 'partner', expireTokens: true })).toMatchObject({ ok: true });
    expect(await charge(access_token)).toBe(401);
  });

  it('fails as a step when the partner is gone', async () => {
    expect(await act({ component: 'gone', mood: 'calm' })).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/could not be reached/),
    });
  });
});
