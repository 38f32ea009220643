import { createHmac } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { actionKinds } from '../../src/actions/registry.ts';
import type { ActContext, ActionOutcome } from '../../src/grading/types.ts';
import type { AnswerValue } from '../../src/templates/types.ts';
import { actContext, fillNothing, testHandle } from '../support/handle.ts';
import { type LabDatabase, startLabDatabase } from '../support/lab-database.ts';
import { type BareServer, bareServer, jsonReply, reply } from '../support/misbehave.ts';

let db: LabDatabase;
let api: BareServer;
let folder: string;
let context: ActContext;
const answers: Record<string, AnswerValue> = {};

beforeAll(async () => {
  db = await startLabDatabase();
  api = await bareServer((socket, head) => {
    const [method, path] = head.split(' ');
    if (path === '/api/v1/auth/login')
      socket.end(jsonReply({ access_token: 'the-real-token', expires_in: 900 }));
    else if (path === '/refused') socket.end(jsonReply({ detail: 'no such thing' }, '404 Not Found'));
    else if (path === '/reset') socket.resetAndDestroy();
    else if (path === '/never') return;
    else
      socket.end(method === 'POST' ? jsonReply({ id: 'c-1' }, '201 Created') : reply('204 No Content', {}));
  });
  folder = mkdtempSync(join(tmpdir(), 'labwright-acts-'));
});
beforeEach(() => {
  // A new handle is a new run.
  const handle = testHandle({
    database: db.access,
    api: api.access,
    workspace: { kind: 'shell', path: folder },
  });
  context = actContext(handle, {
    templateFile: (path) => (path === 'solution/a.txt' ? Buffer.from('from template') : null),
    answer: async (question, value) => {
      if (question !== 'q') throw new Error(`no question ${question}`);
      answers[question] = value;
    },
  });
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await api.stop();
  await db.stop();
});

const kinds = actionKinds();
function act(
  kind: string,
  spec: object,
  more: Partial<ActContext> = {},
  signal = AbortSignal.timeout(30_000),
): Promise<ActionOutcome> {
  const action = kinds.get(kind);
  if (action === undefined) throw new Error(kind);
  return action.run(action.spec.parse(spec), { ...context, ...more }, signal);
}
const sql = (statement: string, more: object = {}) =>
  act('sql', { component: 'database', statement, ...more });
const http = (path: string, more: object = {}) => act('http', { component: 'api', path, ...more });
const loginsSince = (n: number) => api.heads.slice(n).filter((head) => head.includes('/auth/login')).length;

describe('sql', () => {
  it('acts with the rights of the trainee and gives the rows of the last statement', async () => {
    expect(
      await sql('create table made (a int); insert into made values (1), (2) returning a'),
    ).toMatchObject({
      ok: true,
      value: { rows: [{ a: 1 }, { a: 2 }], columns: ['a'], rowCount: 2 },
    });
    expect(await sql('select current_user::text as who')).toMatchObject({
      value: { rows: [{ who: db.access.trainee.user }] },
    });
    expect(await sql('insert into made values ($1) returning a', { args: [7] })).toMatchObject({
      value: { rows: [{ a: 7 }] },
    });
    expect((await db.admin('select count(*)::int as n from made')).rows).toEqual([{ n: 3 }]);
  });

  it('leaves nothing of statements of which one failed, and says what the server said', async () => {
    await sql('create table whole (a int)');
    const outcome = await sql('insert into whole values (1); insert into whole values (1/0)');
    expect(outcome).toMatchObject({ ok: false, reason: expect.stringContaining('22012: division by zero') });
    expect((await db.admin('select count(*)::int as n from whole')).rows).toEqual([{ n: 0 }]);
  });

  it('begins anew what a copy of the database ended, and does it once', async () => {
    await db.admin('create table ended (a int)');
    await db.admin('grant all on ended to public');
    const running = act('sql', {
      component: 'database',
      statement: 'insert into ended values (1); select pg_sleep(1)',
    });
    await sleep(400);
    const { rowCount } = await db.admin(
      "select pg_terminate_backend(pid) from pg_stat_activity where query like 'insert into ended%'",
    );
    expect(rowCount).toBe(1);
    expect((await running).ok).toBe(true);
    expect((await db.admin('select count(*)::int as n from ended')).rows).toEqual([{ n: 1 }]);
  });

  it('builds an index concurrently only outside a transaction', async () => {
    await sql('create table big (a int)');
    const statement = 'create index concurrently on big (a)';
    expect(await sql(statement)).toMatchObject({ ok: false });
    expect(await sql(statement, { transaction: false })).toMatchObject({ ok: true });
  });

  it('cannot do what the trainee cannot, and ends at its time', async () => {
    expect(await sql('create role other')).toMatchObject({
      ok: false,
      reason: expect.stringContaining('42501'),
    });
    const start = performance.now();
    expect(await sql('select pg_sleep(30)', { timeout: '300ms' })).toMatchObject({ ok: false });
    expect(performance.now() - start).toBeLessThan(1_300);
  });

  it('acts as the grader where the template says so, who may write what the trainee may not', async () => {
    await db.admin('create table kept (a int)');
    const statement = 'insert into kept values (1) returning a';
    expect(await sql(statement)).toMatchObject({ ok: false, reason: expect.stringContaining('42501') });
    expect(await sql(statement, { as: 'grader' })).toMatchObject({ ok: true, value: { rows: [{ a: 1 }] } });
    expect(kinds.get('sql')?.spec.safeParse({ component: 'd', statement, as: 'root' }).success).toBe(false);
  });
});

describe('http', () => {
  it('logs in for real, once a run, and sends that token', async () => {
    const before = api.heads.length;
    expect(await http('/x', { auth: 'trainee' })).toMatchObject({ ok: true, value: { status: 204 } });
    expect(await http('/y', { method: 'POST', auth: 'trainee', json: { a: 1 } })).toMatchObject({
      ok: true,
      value: { status: 201, json: { id: 'c-1' } },
    });
    expect(loginsSince(before)).toBe(1);
    expect(api.heads.at(-1)).toContain('authorization: Bearer the-real-token');
    expect(api.heads[before]).toContain(
      JSON.stringify({ email: 'lab@example.net', password: 'secret-account' }),
    );
  });

  it('fails for what is not expected, and not for what is', async () => {
    expect(await http('/refused')).toMatchObject({
      ok: false,
      reason: 'The request was answered with 404: {"detail":"no such thing"}',
      value: { status: 404 },
    });
    expect(await http('/refused', { expect: [404] })).toMatchObject({ ok: true });
    expect(await http('/refused', { expect: 'any' })).toMatchObject({ ok: true });
    expect(await http('/x', { expect: [404] })).toMatchObject({ ok: false });
    expect(await http('/reset', { expect: 'any' })).toMatchObject({ ok: false });
    expect(await http('/never', { timeout: '200ms' })).toMatchObject({ ok: false });
  });

  it('takes one expected status too, and sends the token as the grader in a trial', async () => {
    expect(await http('/refused', { expect: 404 })).toMatchObject({ ok: true });
    const before = api.heads.length;
    const spec = { component: 'api', path: '/x', auth: 'trainee' };
    expect(await act('http', spec, { asGrader: true })).toMatchObject({ ok: true });
    expect(loginsSince(before)).toBe(0);
    const [, payload = ''] = /Bearer [^.]+\.([^.]+)/.exec(api.heads.at(-1) ?? '') ?? [];
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      act: { sub: 'grader' },
    });
  });

  it('signs what it sends', async () => {
    const sign = {
      hmac: 'sha256',
      secret: 'k',
      over: '{{time}}.{{body}}',
      header: 'Partner-Signature',
      format: 't={{time}},v1={{hex}}',
    };
    await http('/hook', { method: 'POST', json: { a: '{{time}}' }, sign });
    const head = api.heads.at(-1) ?? '';
    const [, time = '', hex = ''] = /partner-signature: t=(\d+),v1=([0-9a-f]{64})/.exec(head) ?? [];
    expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(5);
    expect(createHmac('sha256', 'k').update(`${time}.{"a":"{{time}}"}`).digest('hex')).toBe(hex);
    await http('/hook', { method: 'POST', body: 'old', sign: { ...sign, time: '-15m' } });
    const [, old = ''] = /partner-signature: t=(\d+),/.exec(api.heads.at(-1) ?? '') ?? [];
    expect(Date.now() / 1000 - Number(old)).toBeGreaterThan(890);
  });

  it('sends as often as asked', async () => {
    const before = api.heads.length;
    await http('/x', { times: 3 });
    expect(api.heads.length - before).toBe(3);
  });
});

describe('file', () => {
  const patch = '--- a/p.txt\n+++ b/p.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n';
  const templateFile = (path: string) => (path === 'solution/p.patch' ? Buffer.from(patch) : null);
  const file = (spec: object) =>
    act('file', { component: 'workspace', path: 'p.txt', ...spec }, { templateFile });

  it('patches the file as it is now, or says that it does not fit and leaves it', async () => {
    writeFileSync(join(folder, 'p.txt'), 'zero\none\ntwo\n');
    expect(await file({ patch: 'solution/p.patch' })).toMatchObject({ ok: true });
    expect(readFileSync(join(folder, 'p.txt'), 'utf8')).toBe('zero\none\nthree\n');
    expect(await file({ patch: 'solution/p.patch' })).toEqual({
      ok: false,
      reason: 'solution/p.patch does not fit p.txt as it is now.',
      value: null,
    });
    expect(readFileSync(join(folder, 'p.txt'), 'utf8')).toBe('zero\none\nthree\n');
    expect(await file({ patch: 'solution/p.patch', path: 'gone.txt' })).toMatchObject({ ok: false });
    expect(await file({ patch: 'solution/gone.patch' })).toMatchObject({ ok: false });
  });

  it('deletes, and what is gone already is a success', async () => {
    writeFileSync(join(folder, 'p.txt'), '');
    expect(await file({ delete: true })).toMatchObject({ ok: true });
    expect(existsSync(join(folder, 'p.txt'))).toBe(false);
    expect(await file({ delete: true })).toMatchObject({ ok: true });
    expect(
      kinds.get('file')?.spec.safeParse({ component: 'w', path: 'a', text: '', delete: true }).success,
    ).toBe(false);
  });
});

describe('kill, statementStats, press, mark', () => {
  it('signals a component, starts it again where asked, and resets statistics', async () => {
    const done: string[] = [];
    const sandbox = testHandle(
      { api: api.access, database: db.access },
      { onProcess: (what) => done.push(what) },
    );
    const kill = (spec: object) => act('kill', { component: 'api', ...spec }, { sandbox });
    expect(await kill({ signal: 'STOP' })).toMatchObject({ ok: true });
    // biome-ignore lint/suspicious/noThenProperty: the word of the language
    expect(await kill({ signal: 'KILL', then: 'restart' })).toMatchObject({ ok: true });
    expect(await act('statementStats', { component: 'database', reset: true }, { sandbox })).toMatchObject({
      ok: true,
    });
    expect(done).toEqual([
      'kill sample-api api STOP',
      'kill sample-api api KILL',
      'restart sample-api api',
      'reset postgres database',
    ]);
    // biome-ignore lint/suspicious/noThenProperty: the word of the language
    const nonsense = { component: 'api', signal: 'STOP', then: 'restart' };
    expect(kinds.get('kill')?.spec.safeParse(nonsense).success).toBe(false);
  });

  it('presses a button and marks a check where somebody can', async () => {
    const said: unknown[] = [];
    const press = async (button: string) => void said.push(button);
    const mark = async (...words: unknown[]) => void said.push(words);
    expect(await act('press', 'Start the drill' as unknown as object, { press })).toMatchObject({ ok: true });
    expect(await act('press', { button: 'Again' }, { press })).toMatchObject({ ok: true });
    const marks = { check: 'report', as: 'instructor', timeline: 'full', cause: 'half' };
    expect(await act('mark', marks, { mark })).toMatchObject({ ok: true });
    expect(said).toEqual(['Start the drill', 'Again', ['report', { timeline: 'full', cause: 'half' }]]);
    expect(await act('press', { button: 'Start' })).toMatchObject({ ok: false });
    expect(await act('mark', marks)).toMatchObject({ ok: false });
    expect(kinds.get('mark')?.spec.safeParse({ check: 'report', timeline: 'most' }).success).toBe(false);
  });
});

describe('exec, file, answer', () => {
  it('runs a program and fails for an exit that is not expected', async () => {
    const exec = (argv: string[], more: object = {}) =>
      act('exec', { component: 'workspace', argv, ...more });
    expect(await exec(['/bin/echo', 'a b'])).toMatchObject({
      ok: true,
      value: { exitCode: 0, stdout: 'a b\n' },
    });
    const failing = ['/bin/sh', '-c', 'echo sorry >&2; exit 3'];
    expect(await exec(failing)).toMatchObject({ ok: false, reason: 'The program ended with 3: sorry' });
    expect(await exec(failing, { expect: [3] })).toMatchObject({ ok: true });
    expect(await exec(['/bin/sleep', '30'], { timeout: '200ms' })).toMatchObject({ ok: false });
  });

  it('writes a file from text or from the template', async () => {
    const file = (spec: object) => act('file', { component: 'workspace', path: 'deep/a.txt', ...spec });
    const fill = { ...fillNothing, text: (raw: string) => raw.replace('{{params.x}}', 'filled') };
    expect(
      await act('file', { component: 'workspace', path: 'a.txt', text: '{{params.x}}' }, { fill }),
    ).toMatchObject({ ok: true });
    expect(readFileSync(join(folder, 'a.txt'), 'utf8')).toBe('filled');
    expect(await file({ from: 'solution/a.txt' })).toEqual({
      ok: true,
      value: { path: 'deep/a.txt', bytes: 13 },
    });
    expect(readFileSync(join(folder, 'deep/a.txt'), 'utf8')).toBe('from template');
    expect(await file({ from: 'solution/none.txt' })).toMatchObject({ ok: false });
  });

  it('answers as the trainee would', async () => {
    expect(await act('answer', { question: 'q', value: 7 })).toMatchObject({ ok: true });
    expect(answers).toEqual({ q: 7 });
    expect(await act('answer', { question: 'none', value: 7 })).toMatchObject({ ok: false });
  });
});

describe('wait', () => {
  const until = { until: 'up.status == 200', observe: { up: { http: { component: 'api', path: '/x' } } } };

  it('waits until it holds', async () => {
    let asked = 0;
    const holds = async () => ++asked === 3;
    expect(await act('wait', until, { holds })).toMatchObject({ ok: true, value: { held: true } });
    expect(asked).toBe(3);
  });

  it('fails when it never holds, or goes on when told, and waits no longer than the run allows', async () => {
    const start = performance.now();
    expect(await act('wait', { ...until, within: '400ms' })).toMatchObject({ ok: false });
    expect(await act('wait', { ...until, orGoOn: true }, { waitLimitMs: 300 })).toMatchObject({
      ok: true,
      value: { held: false },
    });
    expect(performance.now() - start).toBeLessThan(2_500);
  });

  it('waits for a time to its end, also in a run that hopes for nothing, but not past its deadline', async () => {
    const start = performance.now();
    expect(await act('wait', { for: '600ms' }, { waitLimitMs: 100 })).toMatchObject({ ok: true });
    expect(performance.now() - start).toBeGreaterThan(590);
    expect(await act('wait', { for: '60s' }, { deadlineMs: 300 })).toMatchObject({ ok: true });
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it('waits as long as was drawn, and needs no look for what is known', async () => {
    const drawn = (from: number, to: number) => from + to / 10;
    const outcome = await act('wait', { for: { from: '100ms', to: '1s' } }, { drawn });
    expect(outcome).toMatchObject({ ok: true, value: { held: true } });
    expect((outcome.value as { waitedMs: number }).waitedMs).toBeGreaterThanOrEqual(195);
    const holds = async (expression: string) => expression === 'events.drill.done != null';
    expect(await act('wait', { until: 'events.drill.done != null' }, { holds })).toMatchObject({ ok: true });
    expect(kinds.get('wait')?.spec.safeParse({ for: { from: '2s', to: '1s' } }).success).toBe(false);
  });

  it('ends at once when it is aborted', async () => {
    const stop = new AbortController();
    const waiting = act('wait', { for: '60s' }, {}, stop.signal);
    const rejected = expect(waiting).rejects.toThrow('stop');
    await sleep(50);
    stop.abort(new Error('stop'));
    await rejected;
  });

  it('checks what it looks at when the template is loaded', () => {
    const wait = kinds.get('wait');
    const bad = {
      until: 'up.status == 200',
      observe: { up: { http: { component: 'api', path: 'no-slash' } } },
    };
    expect(wait?.spec.safeParse(bad).success).toBe(false);
    expect(wait?.components(wait.spec.parse(until))).toMatchObject([{ name: 'api' }]);
  });
});

describe('every step', () => {
  const steps: Readonly<Record<string, object>> = {
    sql: { component: 'database', statement: 'select pg_sleep(30)' },
    http: { component: 'api', path: '/never' },
    exec: { component: 'workspace', argv: ['/bin/sleep', '30'] },
    file: { component: 'workspace', path: 'x.txt', text: '' },
    answer: { question: 'q', value: 1 },
    kill: { component: 'api' },
    statementStats: { component: 'database', reset: true },
    press: { button: 'Start' },
    mark: { check: 'report', timeline: 'full' },
    wait: { for: '30s' },
  };

  it.each(Object.keys(steps))('%s has a strict spec that survives JSON', (name) => {
    const kind = kinds.get(name);
    const parsed = kind?.spec.parse(steps[name]);
    expect(JSON.parse(JSON.stringify(parsed))).toEqual(parsed);
    expect(kind?.spec.safeParse({ ...steps[name], unknownKey: 1 }).success).toBe(false);
  });

  it.each(Object.keys(steps))('%s does nothing when it is aborted before', async (name) => {
    const stopped = act(name, steps[name] ?? {}, {}, AbortSignal.abort(new Error('stop')));
    await expect(stopped).rejects.toThrow('stop');
  });

  it.each(['sql', 'http', 'exec', 'wait'])('%s honours an abort within 200 ms', async (name) => {
    const stop = new AbortController();
    const running = expect(act(name, steps[name] ?? {}, {}, stop.signal)).rejects.toThrow('stop');
    await sleep(250);
    const start = performance.now();
    stop.abort(new Error('stop'));
    await running;
    expect(performance.now() - start).toBeLessThan(200);
  });
});
