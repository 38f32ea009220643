/** Terminals over the API, as a person before one meets them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { closingCodes, protocolOf } from '../../src/terminal/protocol.ts';
import { connectTo, startWays, type WaysWorld } from './world.ts';

let world: WaysWorld;
let token: string;

const open = (more: Parameters<typeof connectTo>[4] = {}, lab = world.lab) =>
  connectTo(world.world.url, 'terminal', lab, 'workspace', { token, ...more });

beforeAll(async () => {
  world = await startWays();
  token = await world.token('ann');
});
afterAll(() => world?.stop());

it('is a shell of the size that was asked for, and takes another', async () => {
  const terminal = await open({ query: { cols: '91', rows: '33' } });
  terminal.type('stty size; cat site/main.mjs | head -1\n');
  await terminal.shows('33 91');
  await terminal.shows("import { createServer } from 'node:http'");
  terminal.socket.send(JSON.stringify({ resize: { cols: 60, rows: 20 } }));
  await expect
    .poll(() => {
      terminal.type('stty size\n');
      return terminal.text();
    })
    .toContain('20 60');
  terminal.type('exit 5\n');
  expect(await terminal.closed).toEqual({ code: closingCodes.shellEnded, reason: 'exit 5' });
});

it('knows the database of its lab', async () => {
  const terminal = await open();
  terminal.type('echo "<$DATABASE_URL> <$SITE_URL>"\n');
  await terminal.shows('<postgresql://');
  await terminal.shows('<http://');
  terminal.socket.close();
});

it('ends its shell when whoever sat before it has gone', async () => {
  const terminal = await open();
  terminal.type('echo $$ > pid; echo writ""ten; sleep 700\n');
  await terminal.shows('written');
  terminal.socket.terminate();
  const other = await open();
  await expect
    .poll(
      () => {
        other.type('clear; kill -0 $(cat pid) 2>/dev/null && echo al""ive || echo go""ne\n');
        return other.text();
      },
      { timeout: 20_000, interval: 300 },
    )
    .toContain('gone');
  other.socket.close();
});

it('opens with a code in place of a token, once', async () => {
  const path = `/labs/${world.lab}/terminal/workspace`;
  const given = await world.ann.call<{ code: string; place: string; protocol: string }>('POST', path);
  expect(given.protocol).toBe(protocolOf.terminal);
  const { code, place } = given;
  const origin = world.world.url;
  const terminal = await open({ token: null, query: { code, place }, headers: { origin } });
  terminal.type('echo we""ll\n');
  await terminal.shows('well');
  terminal.socket.close();
  await expect(open({ token: null, query: { code } })).rejects.toMatchObject({ status: 401 });
});

it('is closed when its lab is reset, and when it ends', async () => {
  const lab = await world.another();
  const place = async () =>
    (await world.ann.call<{ place: string }>('POST', `/labs/${lab}/terminal/workspace`)).place;
  const before = await place();
  const first = await open({}, lab);
  await world.ann.reset(lab, { components: ['workspace'] });
  expect((await first.closed).code).toBe(closingCodes.replaced);
  await world.ann.untilReady(lab);
  await expect(open({ query: { place: before } }, lab)).rejects.toMatchObject({ status: 409 });
  const second = await open({ query: { place: await place() } }, lab);
  await world.ann.remove(lab);
  expect((await second.closed).code).toBe(closingCodes.labEnded);
  await expect(open({}, lab)).rejects.toMatchObject({ status: 409, code: 'lab_ended' });
});

it('is on record, and tells its trainee of others', async () => {
  const teacher = await open({ token: world.instructorToken });
  teacher.type('exit\n');
  await teacher.closed;
  interface Entry {
    readonly actor: string;
    readonly role: string;
    readonly action: string;
    readonly detail: Readonly<Record<string, unknown>>;
  }
  const audit = async () =>
    (await world.world.instructor.call<{ items: Entry[] }>('GET', `/audit?target=${world.lab}`)).items.filter(
      ({ role }) => role === 'instructor',
    );
  await expect
    .poll(async () => (await audit()).map(({ action }) => action))
    .toEqual(['terminal.close', 'terminal.open']);
  const [closed] = await audit();
  expect(closed?.detail).toMatchObject({ component: 'workspace', why: 'exit 0', bytesIn: 5 });
  const events = await world.world.runtime.labs.eventsAfter(
    { role: 'admin', subject: 'x' },
    world.lab,
    0,
    1_000,
  );
  const visits = events.filter(({ type }) => type === 'lab.visited');
  expect(visits).toMatchObject([
    { data: { component: 'workspace', by: closed?.actor, through: 'terminal' } },
  ]);
});
