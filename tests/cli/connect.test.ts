/** `lab connect` as people and scripts use it: against a real server, before a real terminal, through a real port. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { spawn } from '@lydell/node-pty';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEscape } from '../../src/cli/lab/connect-escape.ts';
import { howToUse } from '../../src/cli/lab/connect-use.ts';
import { startWays, type WaysWorld } from '../terminal/world.ts';
import { launcher, run, type Started, start } from './labwright.ts';

let world: WaysWorld;
let env: { LABWRIGHT_URL: string; LABWRIGHT_TOKEN: string };

beforeAll(async () => {
  world = await startWays();
  env = { LABWRIGHT_URL: world.world.url, LABWRIGHT_TOKEN: await world.token('ann') };
});
afterAll(() => world?.stop());

const script = (text: string, ...args: string[]) =>
  run(['lab', 'connect', world.lab, 'workspace', ...args], env, text);

/** A tunnel that listens, and what it said of itself. */
async function tunnel(component: string, lab = world.lab) {
  const started: Started = start(['lab', 'connect', lab, component, '--json'], env);
  await expect.poll(() => started.stdout().includes('\n'), { timeout: 20_000 }).toBe(true);
  const [line = ''] = started.stdout().split('\n');
  return { ...started, told: JSON.parse(line) as { port: number; url: string; host: string } };
}

describe('a script in a workspace', { timeout: 60_000 }, () => {
  it('is run as it is: its output plain, its exit code passed on', async () => {
    const ended = await script(
      `printf 'a\\tb\\n'; cat <<'X'\n${'y'.repeat(6_000)}\nX\ntest -t 0 || echo pipe; exit 3\n`,
    );
    expect(ended).toMatchObject({ code: 3, stderr: '' });
    expect(ended.stdout).toBe(`a\tb\n${'y'.repeat(6_000)}\npipe\n`);
  });

  it('passes bytes of any kind, and much of them', async () => {
    const { stdout, code } = await script('seq 1 60000\n');
    expect(code).toBe(0);
    expect(stdout).toBe(`${Array.from({ length: 60_000 }, (_, i) => i + 1).join('\n')}\n`);
  });

  it('is told as JSON on request', async () => {
    const { stdout, code } = await script('echo one; exit 4', '--json');
    expect([code, JSON.parse(stdout)]).toEqual([4, { exitCode: 4, output: 'one\n' }]);
  });

  it('takes nothing from stdin for nothing', async () => {
    expect(await script('')).toMatchObject({ code: 0, stdout: '' });
  });
});

describe('a person before a terminal', { timeout: 60_000 }, () => {
  function sit() {
    const { PATH = '', HOME = '' } = process.env;
    const pty = spawn(launcher, ['lab', 'connect', world.lab], {
      env: { PATH, HOME, ...env, TERM: 'xterm' },
      cols: 90,
      rows: 25,
    });
    let text = '';
    pty.onData((data) => {
      text += data;
    });
    const ended = new Promise<number>((resolve) => pty.onExit(({ exitCode }) => resolve(exitCode)));
    const shows = (what: string) =>
      expect.poll(() => text.includes(what), { timeout: 30_000, message: `shows ${what}` }).toBe(true);
    return { pty, ended, shows, text: () => text };
  }

  it('has their own size there, also when it changes, and the exit code here', async () => {
    const { pty, shows, ended, text } = sit();
    await shows('$ ');
    pty.write('stty size\r');
    await shows('25 90');
    pty.resize(70, 18);
    await expect
      .poll(() => {
        pty.write('stty size\r');
        return text();
      })
      .toContain('18 70');
    pty.write('sleep 600\r');
    await shows('sleep 600');
    pty.write('\x03');
    pty.write('echo still he""re\r');
    await shows('still here');
    pty.write('exit 6\r');
    expect(await ended).toBe(6);
  });

  it('leaves with Enter ~ . and gets the terminal back as it was', async () => {
    const { PATH = '', HOME = '' } = process.env;
    const pty = spawn('/bin/sh', [], {
      env: { PATH, HOME, ...env, TERM: 'xterm', PS1: '# ' },
      cols: 80,
      rows: 24,
    });
    let text = '';
    pty.onData((data) => {
      text += data;
    });
    const shows = (what: RegExp) => expect.poll(() => text, { timeout: 30_000 }).toMatch(what);
    pty.write(`"${launcher}" lab connect ${world.lab} workspace; echo "left wi""th $?"; stty -a\r`);
    await shows(/labwright-lab|\$ /);
    await shows(/\$ $|\$ \S*$/m);
    pty.write('\r~.');
    await shows(/left with 0/);
    await shows(/(?<!-)\bicanon\b/);
    expect(text).toMatch(/\bisig\b/);
    expect(text).toMatch(/(?<!-)\becho\b/);
    // What a shell has switched on in it.
    expect(text.lastIndexOf('\x1b[?2004l')).toBeGreaterThan(text.lastIndexOf('\x1b[?2004h'));
    pty.kill('SIGKILL');
  });
});

describe('a local port', { timeout: 60_000 }, () => {
  it('leads to the database with the trainee’s own credentials', async () => {
    const { told, child, ended } = await tunnel('database');
    expect(told).toMatchObject({ host: '127.0.0.1' });
    const clients = Array.from({ length: 5 }, () => new pg.Client({ connectionString: told.url }));
    for (const client of clients) {
      await client.connect();
      const { rows } = await client.query('select text from notes order by id');
      expect(rows).toEqual([{ text: 'one' }, { text: 'two' }]);
    }
    const [client] = clients;
    // More than any buffer on the way, in both directions.
    const large = 'z'.repeat(8_000_000);
    const { rows } = (await client?.query('select $1::text as text', [large])) ?? { rows: [] };
    expect(rows[0]?.text === large).toBe(true);
    for (const one of clients) await one.end();
    child.kill('SIGINT');
    expect((await ended).code).toBe(0);
  });

  it('leads to a program, also for what is sent in full before it is read', async () => {
    const { told, child, ended } = await tunnel('site');
    const answers = await Promise.all(Array.from({ length: 8 }, () => fetch(told.url)));
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(Array(8).fill('ok'));
    const large = await (await fetch(new URL('/large', told.url))).arrayBuffer();
    expect(large.byteLength).toBe(64 * 1_048_576);
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
  });

  it('tells people what to type', async () => {
    const { child, ended, stdout } = start(['lab', 'connect', world.lab, 'database'], env);
    await expect
      .poll(stdout, { timeout: 20_000 })
      .toMatch(/psql {2,}psql 'postgresql:\/\/\S+@127\.0\.0\.1:\d+\/\S+'/);
    child.kill('SIGINT');
    await ended;
  });

  it('ends, and never leads elsewhere, when the lab is reset', async () => {
    const lab = await world.another();
    const { told, ended } = await tunnel('database', lab);
    await world.ann.reset(lab, { components: ['database'] });
    await world.ann.untilReady(lab);
    const late = new pg.Client({ connectionString: told.url });
    late.on('error', () => undefined);
    await expect(late.connect()).rejects.toThrow();
    expect(await ended).toMatchObject({ code: 5, stderr: expect.stringContaining('reset') });
  });

  it('ends with the lab', async () => {
    const lab = await world.another();
    const { told, ended } = await tunnel('database', lab);
    const client = new pg.Client({ connectionString: told.url });
    client.on('error', () => undefined);
    await client.connect();
    await world.ann.remove(lab);
    expect(await ended).toMatchObject({ code: 5, stderr: expect.stringContaining('ended') });
  });
});

describe('what cannot be', { timeout: 60_000 }, () => {
  it.each([
    [['worksapce'], 4, 'did you mean "workspace"'],
    [['nothing-like-it'], 4, 'it has '],
    [['workspace', '--port', '5000'], 2, 'no port'],
    [['database', '--port', '70000'], 2, 'from 1 to 65535'],
  ])('%j', async (args, code, text) => {
    const ended = await run(['lab', 'connect', world.lab, ...args], env);
    expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(text) });
  });

  it('is another’s lab, a server that is not there, or a port that is taken', async () => {
    const eve = { ...env, LABWRIGHT_TOKEN: await world.token('eve') };
    expect((await run(['lab', 'connect', world.lab, 'workspace'], eve)).code).toBe(4);
    const gone = { ...env, LABWRIGHT_URL: 'http://127.0.0.1:9' };
    expect((await run(['lab', 'connect', world.lab, 'workspace'], gone)).code).toBe(3);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ended = await run(['lab', 'connect', world.lab, 'database', '--port', String(port)], env);
    server.close();
    expect(ended).toMatchObject({ code: 3, stderr: expect.stringContaining(`found ${port}`) });
  });
});

describe('keys that leave', () => {
  const typed = (...keys: string[]) => {
    const watch = createEscape();
    return keys
      .map((key) => watch(Buffer.from(key)))
      .map(({ bytes, leaves }) => (leaves ? `${bytes}!` : `${bytes}`));
  };
  it.each([
    [['ls\r~.'], ['ls\r!']],
    [['~.'], ['!']],
    [
      ['\r', '~', '.'],
      ['\r', '', '!'],
    ],
    [['a~.'], ['a~.']],
    [['\r~~.'], ['\r~.']],
    [
      ['\r~x\r~', 'y'],
      ['\r~x\r', '~y'],
    ],
  ])('%j', (keys, sent) => expect(typed(...keys)).toEqual(sent));
});

describe('how to use a port', () => {
  it('gives the lab’s own address up, and keeps its secrets whole', () => {
    const use = howToUse('postgres', { url: 'postgresql://me:p%27w@database:5432/lab', user: 'me' }, 5001);
    expect(use.json).toMatchObject({
      url: 'postgresql://me:p%27w@127.0.0.1:5001/lab',
      port: 5001,
      user: 'me',
    });
    const redis = howToUse('redis', { url: 'redis://:pw@cache:6379/0' }, 5002);
    expect(Object.fromEntries(redis.lines)['redis-cli']).toBe("redis-cli -u 'redis://:pw@127.0.0.1:5002/0'");
    expect(howToUse('stub', {}, 5003).lines).toEqual([['listens on', '127.0.0.1:5003']]);
  });
});
