import { statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  makeDataFolder,
  processesOf,
  type Ready,
  removeDataFolder,
  run,
  type Started,
  startServer,
} from './labwright.ts';

interface Lab {
  readonly id: string;
  readonly status: string;
}

const json = <T>(text: string): T => JSON.parse(text) as T;

describe('a server from the command line', { timeout: 60_000 }, () => {
  let folder: string;
  let server: Started & { readonly ready: Ready };
  let lab: Lab;
  const cli = (...args: string[]) => run(args, { DATA_DIR: folder });

  beforeAll(async () => {
    folder = makeDataFolder();
    server = await startServer(folder, { SPARES: '0' });
  });
  afterAll(async () => {
    server.child.kill('SIGTERM');
    await server.ended;
    removeDataFolder(folder);
  });

  it('says where it is, and answers there', async () => {
    const { url, docsUrl, tokens } = server.ready;
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(docsUrl)).status).toBe(200);
    const authorization = `Bearer ${tokens.instructor}`;
    const me = await fetch(`${url}/api/v1/me`, { headers: { authorization } });
    expect(await me.json()).toMatchObject({ role: 'instructor' });
    // So that finding none at the end means something: itself and two PostgreSQL servers with their helpers.
    if (process.platform === 'linux') expect(processesOf(folder).length).toBeGreaterThan(10);
  });

  it('keeps its tokens and its key from others', () => {
    for (const file of ['tokens.json', 'installation.key', 'server.json']) {
      expect(statSync(join(folder, file)).mode & 0o077, file).toBe(0);
    }
  });

  it('refuses a second one beside it, naming the first', async () => {
    const second = await run(['serve', '--data-dir', folder, '--port', '0']);
    expect(second.code).toBe(5);
    expect(second.stderr).toContain(`${server.ready.url} (pid ${server.ready.pid})`);
  });

  it('names PORT when another listens there', async () => {
    const other = createServer();
    const port = await new Promise<number>((resolve) =>
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port)),
    );
    const elsewhere = makeDataFolder();
    const ended = await run(['serve', '--data-dir', elsewhere, '--port', String(port)]);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toMatch(new RegExp(`PORT: ${port} is in use.*--port`));
    expect(processesOf(elsewhere)).toEqual([]);
    other.close();
    removeDataFolder(elsewhere);
  });

  it('makes a lab and tells how to reach it', async () => {
    const made = await cli('lab', 'create', 'dm-customer-lifecycle', '--trainee', 'ann', '--json');
    expect(made.stderr).toBe('');
    lab = json<Lab>(made.stdout);
    expect(lab.status).toBe('ready');
    const access = await cli('lab', 'access', lab.id);
    expect(access.stdout).toContain('postgresql://');
    expect(access.stdout).toContain('http://127.0.0.1:');
  });

  it("runs SQL with the trainee's rights: a statement, a failing one, and what comes from a pipe", async () => {
    const one = await cli('lab', 'sql', lab.id, 'select count(*) as n from customers', '--json');
    expect(json<{ rows: string[][] }>(one.stdout)).toMatchObject({
      columns: ['n'],
      rows: [['120']],
      rowCount: 1,
    });
    const refused = await cli('lab', 'sql', lab.id, 'drop table customers');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('must be owner of table customers');
    const piped = await run(
      ['lab', 'sql', lab.id],
      { DATA_DIR: folder },
      "select ';' as semi;\n\\dt\nselect 41 + 1",
    );
    expect(piped.stdout).toMatch(/semi\n;\n[\s\S]*customers[\s\S]*42/);
  });

  it('grades, and tells by its exit code that work is left', async () => {
    const graded = await cli('lab', 'grade', lab.id);
    expect(graded.code).toBe(1);
    expect(graded.stdout).toMatch(/✗ fail[\s\S]*0 of 100 points/);
  });

  it('suggests what was probably meant', async () => {
    const template = await cli('lab', 'create', 'dm-customer-lifecicle');
    expect([template.code, template.stderr]).toEqual([4, expect.stringContaining('"dm-customer-lifecycle"')]);
    const command = await cli('lab', 'craete');
    expect([command.code, command.stderr]).toEqual([2, expect.stringContaining('create')]);
  });

  it('says what is wrong with a token, as a problem object where JSON was asked for', async () => {
    const ended = await cli('lab', 'list', '--token', 'lw_wrong', '--json');
    expect(ended.code).toBe(5);
    expect(json(ended.stderr)).toMatchObject({ status: 401, code: 'unauthenticated' });
    const unknown = await cli('lab', 'show', 'lab-nobody');
    expect([unknown.code, unknown.stderr]).toEqual([4, expect.stringContaining('"lab-nobody"')]);
  });

  it('hands out tokens and takes them back', async () => {
    const made = json<{ id: string; token: string }>((await cli('token', 'create', 'bob', '--json')).stdout);
    const asBob = await cli('lab', 'list', '--token', made.token, '--json');
    expect(json(asBob.stdout)).toEqual({ items: [], nextCursor: null });
    expect((await cli('token', 'list')).stdout).not.toContain(made.token);
    expect((await cli('token', 'revoke', made.id)).code).toBe(0);
    expect((await cli('lab', 'list', '--token', made.token)).code).toBe(5);
  });

  it('stops everything on Ctrl-C, and finds the labs again', async () => {
    server.child.kill('SIGINT');
    expect((await server.ended).code).toBe(0);
    expect(processesOf(folder)).toEqual([]);
    const away = await cli('lab', 'list');
    expect([away.code, away.stderr]).toEqual([3, expect.stringContaining('labwright serve')]);

    const before = server.ready.tokens;
    server = await startServer(folder, { SPARES: '0' });
    expect(server.ready.seconds).toBeLessThan(10);
    expect(server.ready.tokens).toEqual(before);
    const again = await cli('lab', 'sql', lab.id, 'select 1 as one', '--json');
    expect(json(again.stdout)).toMatchObject({ rows: [['1']] });
  });

  it('starts again after it was killed, adopting what it left', async () => {
    server.child.kill('SIGKILL');
    await server.ended;
    server = await startServer(folder, { SPARES: '0' });
    const labs = json<{ items: Lab[] }>((await cli('lab', 'list', '--json')).stdout);
    expect(labs.items.map(({ id }) => id)).toEqual([lab.id]);
  });

  it('ends a lab and all that belonged to it', async () => {
    const gone = await cli('lab', 'delete', lab.id, '--json');
    expect(json<Lab[]>(gone.stdout)).toMatchObject([{ id: lab.id, status: 'ended' }]);
    expect((await cli('lab', 'access', lab.id)).code).toBe(5);
  });

  it('leaves no process behind, and no secret in its log', async () => {
    const { tokens } = server.ready;
    server.child.kill('SIGTERM');
    const { stderr } = await server.ended;
    expect(processesOf(folder)).toEqual([]);
    expect(stderr).toContain('where the start took its time');
    for (const secret of [tokens.trainee, tokens.instructor]) expect(stderr).not.toContain(secret);
    expect(stderr).not.toMatch(/postgres(ql)?:\/\/[^*\s]+:[^*\s]+@/);
  });
});

describe('a start that cannot be', () => {
  it('names every bad setting, and exits with 2', async () => {
    const ended = await run(['serve', '--roles', 'cook'], { PORT: 'abc' });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/PORT: found "abc"; allowed is .*\n.*ROLES \(--roles\): found "cook"/);
  });

  it('names a data folder that cannot be used', async () => {
    const folder = makeDataFolder();
    writeFileSync(join(folder, 'file'), '');
    const ended = await run(['serve', '--data-dir', join(folder, 'file'), '--port', '0']);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toMatch(/data folder .*file cannot be used.*DATA_DIR/s);
    removeDataFolder(folder);
  });

  it('names a database that does not answer, and not its password', async () => {
    const folder = makeDataFolder();
    const env = { DATABASE_URL: 'postgres://u:hunter2@127.0.0.1:1/x?sslmode=bogus' };
    const started = await run(['doctor', '--data-dir', folder], env);
    expect(started.code).toBe(3);
    expect(started.stdout).toContain('DATABASE_URL does not answer');
    expect(started.stdout + started.stderr).not.toContain('hunter2');
    removeDataFolder(folder);
  });
});
