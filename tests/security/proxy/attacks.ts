/** What a trainee may try with the pages of labs: their own program is theirs, the browsers that look at it are not. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { downstreamHeaders, pathWithin, sessionCookie, upstreamHeaders } from '../../../src/proxy/headers.ts';
import { createPagesServer, enterPath } from '../../../src/proxy/server.ts';
import { openSession, sealSession } from '../../../src/proxy/session.ts';
import { cookieOf, upgrade, visit } from '../../proxy/browser.ts';
import { attack, outcome } from '../attack.ts';
import type { PagesWorld } from './world.ts';

const family = 'proxy';
const page = attack<PagesWorld>;
const key = new Uint8Array(32).fill(7);

/** A server of pages with one part of it weaker; every lab is the attacker's program. */
async function weaker(world: PagesWorld, parts: Partial<Parameters<typeof createPagesServer>[0]>) {
  const { port } = new URL(world.own.direct);
  const { server, close } = createPagesServer({
    pages: {
      of: async () => ({
        components: ['site'],
        namespaces: [],
        dial: () => dial(port),
      }),
    },
    codes: { redeem: async () => null },
    key,
    labsHost: 'localhost',
    secure: false,
    now: Date.now,
    log: silent,
    ...parts,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = (lab: string) => `http://${lab}-site.localhost:${(server.address() as AddressInfo).port}`;
  return { at, stop: close };
}
async function dial(port: string): Promise<Socket> {
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

const session = (labId: string) =>
  ({
    labId,
    component: 'site',
    role: 'trainee',
    subject: 'mallory',
    expiresAt: Date.now() + 60_000,
  }) as const;

export const proxyAttacks = [
  page({
    family,
    name: 'a page takes its visitor’s cookie to the API',
    defence: 'the API takes bearer tokens and nothing else',
    off: 'a route that takes the cookie',
    async run({ world, other }) {
      const answer = await visit(`${world.url}/api/v1/labs`, { headers: { cookie: other.cookie } });
      return outcome(answer.status === 200, answer.text);
    },
    async control({ other }) {
      const server = createServer((request, response) => {
        response.writeHead(sessionCookie(request.headers.cookie, false) === null ? 401 : 200).end();
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const { status } = await visit(url, { headers: { cookie: other.cookie } });
      server.close();
      return outcome(status === 200, status);
    },
  }),
  page({
    family,
    name: 'the cookie of one’s own page at another lab’s page',
    defence: 'a cookie is sealed for one lab and component',
    off: 'a seal that names no lab',
    async run({ own, other }) {
      const answer = await visit(`${other.origin}/health`, { headers: { cookie: own.cookie } });
      return outcome(answer.status === 200, answer.text);
    },
    async control({ own, other }) {
      const value = sealSession(session(own.lab), key);
      const asAnybody = { labId: own.lab, component: 'site', now: Date.now() };
      const byHost = { ...asAnybody, labId: other.lab };
      return outcome(
        openSession(value, asAnybody, key) !== null && openSession(value, byHost, key) === null,
        value,
      );
    },
  }),
  page({
    family,
    name: 'a cookie of one’s own making',
    defence: 'cookies are sealed with a key that derives from the installation’s',
    off: 'a key that the attacker knows',
    async run({ other }) {
      const cookie = `labwright-page=${sealSession(session(other.lab), key)}`;
      const answer = await visit(`${other.origin}/health`, { headers: { cookie } });
      return outcome(answer.status === 200, answer.text);
    },
    async control(world) {
      const { at, stop } = await weaker(world, { key });
      const cookie = `labwright-page=${sealSession(session(world.other.lab), key)}`;
      const answer = await visit(`${at(world.other.lab)}/health`, { headers: { cookie } });
      await stop();
      return outcome(answer.status === 200, answer.text);
    },
  }),
  page({
    family,
    name: 'a link that somebody has used, from their history',
    defence: 'a code works once',
    off: 'codes that are not used up',
    async run({ fresh }) {
      const url = await fresh();
      await visit(url);
      const again = await visit(url);
      return outcome(cookieOf(again) !== '', again.text);
    },
    async control(world) {
      const redeem = async () => ({ ...session(world.own.lab) });
      const { at, stop } = await weaker(world, { codes: { redeem } });
      const url = `${at(world.own.lab)}${enterPath}?code=known`;
      await visit(url);
      const again = await visit(url);
      await stop();
      return outcome(cookieOf(again) !== '', again.text);
    },
  }),
  page({
    family,
    name: 'two who redeem one code at once',
    defence: 'of those who redeem a code one gets it, in one statement',
    off: 'codes that are looked up, and used up after',
    async run({ fresh }) {
      const url = await fresh();
      const all = await Promise.all(Array.from({ length: 8 }, () => visit(url)));
      const entered = all.filter((one) => one.status === 303).length;
      return outcome(entered !== 1, entered);
    },
    async control(world) {
      const left = new Set(['once']);
      const redeem = async (code: string) => {
        const found = left.has(code);
        await new Promise((resolve) => setTimeout(resolve, 50));
        left.delete(code);
        return found ? { ...session(world.own.lab) } : null;
      };
      const { at, stop } = await weaker(world, { codes: { redeem } });
      const url = `${at(world.own.lab)}${enterPath}?code=once`;
      const all = await Promise.all(Array.from({ length: 8 }, () => visit(url)));
      await stop();
      return outcome(all.filter((one) => one.status === 303).length > 1, 'entered twice');
    },
  }),
  page({
    family,
    name: 'a code of one’s own lab at another lab’s host',
    defence: 'a code opens the host that it was given for',
    off: 'codes that open any host',
    async run({ fresh, other }) {
      const url = new URL(await fresh());
      const answer = await visit(`${other.origin}${url.pathname}${url.search}`);
      return outcome(cookieOf(answer) !== '', answer.text);
    },
    async control(world) {
      const redeem = async () => ({ ...session(world.other.lab) });
      const { at, stop } = await weaker(world, { codes: { redeem } });
      const answer = await visit(`${at(world.other.lab)}${enterPath}?code=any`);
      await stop();
      return outcome(cookieOf(answer) !== '', answer.text);
    },
  }),
  page({
    family,
    name: 'an entrance that leads to another site',
    defence: 'after entering one goes to a path of this page',
    off: 'the asked place as it is',
    async run({ fresh }) {
      const places = [
        '//evil.example/',
        '/\\evil.example/',
        'https://evil.example/',
        '/\t/evil.example/',
        '/%0d%0a',
      ];
      const led = await Promise.all(
        places.map(async (place) => {
          const url = new URL(await fresh());
          url.searchParams.set('to', place);
          return String((await visit(url.href)).headers.location);
        }),
      );
      const away = led.filter((place) => new URL(place, 'http://page').host !== 'page');
      return outcome(away.length > 0, led);
    },
    async control() {
      const asked = '//evil.example/';
      return outcome(new URL(asked, 'http://page').host !== 'page' && pathWithin(asked) === '/', asked);
    },
  }),
  page({
    family,
    name: 'a page that reads the cookie with which it is visited',
    defence: 'our cookie is taken out of what the program gets',
    off: 'headers as they come',
    async run({ own }) {
      const answer = await visit(`${own.origin}/echo`, { headers: { cookie: own.cookie } });
      return outcome(answer.text.includes('labwright-page'), answer.text);
    },
    async control({ own }) {
      const answer = await visit(`${own.direct}/echo`, { headers: { cookie: own.cookie } });
      return outcome(answer.text.includes('labwright-page'), answer.text);
    },
  }),
  page({
    family,
    name: 'a page that sets cookies for the pages of all labs',
    defence: 'what a page sets is for its own host, and never named as ours',
    off: 'the program’s answer as it is',
    async run({ own }) {
      const { headers } = await visit(`${own.origin}/cookies`, { headers: { cookie: own.cookie } });
      return outcome(/domain|labwright-page/i.test(String(headers['set-cookie'])), headers);
    },
    async control({ own }) {
      const { headers } = await visit(`${own.direct}/cookies`);
      return outcome(/domain/i.test(String(headers['set-cookie'])), headers);
    },
  }),
  page({
    family,
    name: 'a page that keeps browsers off plain HTTP on this host',
    defence: 'Strict-Transport-Security and Alt-Svc are not passed on',
    off: 'the program’s answer as it is',
    async run({ own }) {
      const { headers } = await visit(`${own.origin}/cookies`, { headers: { cookie: own.cookie } });
      return outcome('strict-transport-security' in headers || 'alt-svc' in headers, headers);
    },
    async control({ own }) {
      const { headers } = await visit(`${own.direct}/cookies`);
      return outcome('strict-transport-security' in headers && 'alt-svc' in headers, headers);
    },
  }),
  page({
    family,
    name: 'another site opens a WebSocket with its visitor’s cookie',
    defence: 'an upgrade comes from the page’s own origin',
    off: 'no origin to compare with, as of a program that is no browser',
    async run({ own }) {
      const seen = await upgrade(`${own.origin}/live`, { cookie: own.cookie, origin: 'http://evil.example' });
      seen.socket.destroy();
      return outcome(seen.line.includes('101'), seen.line);
    },
    async control({ own }) {
      const seen = await upgrade(`${own.origin}/live`, { cookie: own.cookie });
      seen.socket.destroy();
      return outcome(seen.line.includes('101'), seen.line);
    },
  }),
  page({
    family,
    name: 'a path or a full address that leads out of the lab',
    defence: 'the host decides where a request goes, its target never does',
    off: 'a proxy that follows the target',
    async run({ world, own }) {
      const targets = [
        `${world.url}/healthz`,
        '//127.0.0.1/healthz',
        '/../../api/v1/me',
        '/%2e%2e/%2e%2e/api/v1/me',
      ];
      const answers = await Promise.all(
        targets.map((target) => visit(`${own.origin}/`, { headers: { cookie: own.cookie }, target })),
      );
      return outcome(
        answers.some(({ status }) => status === 200),
        answers.map(({ status }) => status),
      );
    },
    async control({ world, own }) {
      const { status } = await visit(new URL(`${world.url}/healthz`, own.origin).href);
      return outcome(status === 200, status);
    },
  }),
  page({
    family,
    name: 'a browser that says it came from elsewhere',
    defence: 'Forwarded and X-Forwarded-* are ours to say',
    off: 'headers as they come',
    async run({ own }) {
      const headers = { cookie: own.cookie, 'x-forwarded-for': '127.0.0.1', forwarded: 'for=127.0.0.1' };
      const answer = await visit(`${own.origin}/echo`, { headers });
      return outcome(answer.text.includes('127.0.0.1'), answer.text);
    },
    async control({ own }) {
      const answer = await visit(`${own.direct}/echo`, { headers: { 'x-forwarded-for': '127.0.0.1' } });
      return outcome(answer.text.includes('"x-forwarded-for":"127.0.0.1"'), answer.text);
    },
  }),
  page({
    family,
    name: 'headers that Connection names, to smuggle or to hide',
    defence: 'what belongs to one connection is not passed on, in either direction',
    off: 'headers as they come',
    async run() {
      const asked = { connection: 'keep-alive, X-Role', 'x-role': 'admin', te: 'trailers' };
      const up = upstreamHeaders(asked, { host: 'page', secure: false });
      const down = downstreamHeaders(asked);
      return outcome('x-role' in up || 'te' in up || 'x-role' in down, { up, down });
    },
    async control({ own }) {
      const answer = await visit(`${own.direct}/echo`, {
        headers: { connection: 'close, X-Role', 'x-role': 'admin' },
      });
      return outcome(answer.text.includes('"x-role":"admin"'), answer.text);
    },
  }),
  page({
    family,
    name: 'the page of another trainee’s lab, by its id',
    defence: 'a trainee sees their own labs, others are not there',
    off: 'the rights of an instructor',
    async run({ mallory, other }) {
      const opened = await mallory.call('POST', `/labs/${other.lab}/proxy/site`, {}).catch(String);
      return outcome(typeof opened !== 'string' || !opened.includes('lab_not_found'), opened);
    },
    async control({ world, other }) {
      const opened = await world.instructor.call<{ url: string }>(
        'POST',
        `/labs/${other.lab}/proxy/site`,
        {},
      );
      return outcome(opened.url.includes(other.lab), opened);
    },
  }),
];
