import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
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

  it('is refused as somebody else', () => {
    const spec = { component: 'database', statement: 'select 1', as: 'grader' };
    expect(kinds.get('sql')?.spec.safeParse(spec).success).toBe(false);
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

  it('sends as often as asked', async () => {
    const before = api.heads.length;
    await http('/x', { times: 3 });
    expect(api.heads.length - before).toBe(3);
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
    expect(await act('wait', { for: '60s' }, { waitLimitMs: 300 })).toMatchObject({ ok: true });
    expect(performance.now() - start).toBeLessThan(2_500);
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
    expect(wait?.components(wait.spec.parse(until))).toEqual([{ name: 'api', kinds: ['sample-api'] }]);
  });
});
