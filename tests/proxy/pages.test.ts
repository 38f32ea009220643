/** A lab's own pages, as a browser meets them: over the API, the proxy, and a program of the trainee's. */
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../cli/labwright.ts';
import type { Client } from '../e2e/client.ts';
import { startWorld, type World } from '../e2e/support.ts';
import { testTemplates } from '../e2e/test-templates.ts';
import { cookieOf, upgrade, visit } from './browser.ts';

let templates: ReturnType<typeof testTemplates>;
let world: World;
let ann: Client;
let lab: string;
let origin: string;
let cookie: string;

const open = (client: Client, component = 'site', body: object = {}) =>
  client.call<{ url: string; expiresAt: string }>('POST', `/labs/${lab}/proxy/${component}`, body);
const page = (path: string, more: Parameters<typeof visit>[1] = {}) =>
  visit(`${origin}${path}`, { ...more, headers: { cookie, ...more.headers } });

beforeAll(async () => {
  templates = testTemplates('pages');
  world = await startWorld({ templatesDir: templates.folder, spares: '0' });
  ann = await world.trainee('ann');
  lab = (await ann.create({ template: 'pages' })).id;
  await ann.untilReady(lab, 60_000);
});
afterAll(async () => {
  await world?.stop();
  templates?.remove();
});

it('is entered by an address that works once', async () => {
  const { url, expiresAt } = await open(ann, 'site', { path: '/echo?a=1' });
  expect(new URL(url).hostname).toBe(`${lab}-site.localhost`);
  expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now());
  const entered = await visit(url);
  expect(entered).toMatchObject({
    status: 303,
    headers: { location: '/echo?a=1', 'cache-control': 'no-store' },
  });
  expect(entered.headers['set-cookie']?.[0]).toMatch(/; Path=\/; HttpOnly; SameSite=Lax; Max-Age=28800$/);
  cookie = cookieOf(entered);
  origin = new URL(url).origin;
  expect(await visit(url)).toMatchObject({ status: 401, text: expect.stringContaining('was used') });
});

it('passes requests on as they are, but for what is ours', async () => {
  const { status, text } = await page('/echo?b=%2F..%2F', {
    method: 'POST',
    body: 'hello',
    headers: {
      cookie: `theirs=1; ${cookie}`,
      'x-forwarded-for': '8.8.8.8',
      authorization: 'Bearer theirs',
      'x-own': 'y',
    },
  });
  expect(status).toBe(200);
  const seen = JSON.parse(text);
  expect(seen).toMatchObject({ method: 'POST', url: '/echo?b=%2F..%2F', body: 'hello' });
  expect(seen.headers).toMatchObject({
    cookie: 'theirs=1',
    authorization: 'Bearer theirs',
    'x-own': 'y',
    'x-forwarded-host': new URL(origin).host,
    'x-forwarded-proto': 'http',
  });
  expect(seen.headers).not.toHaveProperty('x-forwarded-for');
});

it('passes answers on as they come, but for what is about other hosts', async () => {
  expect((await page('/slow')).text).toBe('first second');
  const { headers } = await page('/cookies');
  expect(headers['set-cookie']).toEqual(['mine=1; Path=/']);
  expect(headers).not.toHaveProperty('strict-transport-security');
  expect(headers).not.toHaveProperty('alt-svc');
  expect((await page('/none')).status).toBe(404);
});

it('says what is wrong in the place of a page', async () => {
  await expect(page('/cut')).rejects.toThrow();
  expect(await page('/silent')).toMatchObject({
    status: 503,
    text: expect.stringContaining('closed the connection'),
  });
  expect(await visit(`${origin}/echo`)).toMatchObject({
    status: 401,
    text: expect.stringContaining('lab open'),
  });
  expect(await page('/_labwright/other')).toMatchObject({ status: 404 });
  expect(await visit(new URL('/', origin).href.replace(lab, 'lab-222222222222'))).toMatchObject({
    status: 401,
  });
  expect(await visit(`http://localhost:${new URL(origin).port}/`)).toMatchObject({ status: 404 });
});

it('speaks WebSocket both ways', async () => {
  const { line, socket } = await upgrade(`${origin}/live`, { cookie, origin });
  expect(line).toBe('HTTP/1.1 101 Switching Protocols');
  socket.write('frame');
  const [echo] = await once(socket, 'data');
  expect(String(echo)).toBe('frame');
  socket.destroy();
});

it('ends what a visitor has left, on the other side too', async () => {
  const { socket } = await upgrade(`${origin}/live`, { cookie });
  socket.end();
  await once(socket, 'close');
});

it('gives its address on the command line', async () => {
  const token = await world.instructor.call<{ token: string }>('POST', '/tokens', { subject: 'ann' });
  const env = { LABWRIGHT_URL: world.url, LABWRIGHT_TOKEN: token.token };
  const { stdout, stderr } = await run(['lab', 'open', lab, '--path', '/echo'], env);
  expect(stderr).toBe('');
  expect(await visit(stdout.trim())).toMatchObject({ status: 303, headers: { location: '/echo' } });
  const other = await run(['lab', 'open', lab, 'workspace'], env);
  expect(other).toMatchObject({ code: 4, stderr: expect.stringContaining('those that have: site') });
});

it('names components that have pages', async () => {
  await expect(open(ann, 'workspace')).rejects.toThrow(/"workspace" has no pages; those that have: site/);
  await expect(open(ann, 'sit')).rejects.toThrow(/404 component_not_found/);
  await expect(open(ann, 'site', { path: 'echo' })).rejects.toThrow(/path/);
});

it('is over when the lab is', async () => {
  expect((await page('/health')).status).toBe(200);
  await ann.remove(lab);
  await ann.untilEnded(lab);
  await expect.poll(async () => (await page('/health')).status, { timeout: 5_000 }).toBe(409);
  await expect(open(ann)).rejects.toThrow(/lab_ended/);
});
