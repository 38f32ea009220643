/** A client that wants the partner's journal full, forged or read, or its mood changed. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBooks } from '../../src/stub/books.ts';
import { buildControl } from '../../src/stub/control.ts';
import { buildPublic } from '../../src/stub/public.ts';
import { parseStubFile } from '../../src/stub/spec.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stub-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = `
moods: { outage: { disturb: [{ chance: 1, status: 503 }] } }
routes:
  - { method: POST, path: /o, idempotency: { header: Idempotency-Key }, answer: { status: 201, json: { echo: "{{request.json.text}}" } } }
`;
const journal = () => join(folder, 'journal.jsonl');

async function partner(
  bounds: Parameters<typeof openBooks>[2],
  trainee: readonly ('mood' | 'journal')[] = [],
) {
  const parsed = parseStubFile(file);
  if (!('spec' in parsed)) throw new Error(JSON.stringify(parsed.problems));
  const books = openBooks(journal(), 'calm', bounds);
  const app = await buildPublic({ ...parsed, books, trainee, closing: new AbortController().signal });
  const control = buildControl({ ...parsed, books, token: 'right' });
  return { app, books, control };
}
const post = (key: string, text: string) =>
  ({ method: 'POST', url: '/o', headers: { 'idempotency-key': key }, payload: { text } }) as const;

describe('a journal that is flooded', () => {
  it('stays within its bytes, whatever the requests hold', async () => {
    const { app, books } = await partner({ maxBytes: 100_000 });
    const large = 'x'.repeat(20_000);
    const statuses: number[] = [];
    for (let n = 0; n < 20; n += 1) statuses.push((await app.inject(post(`k${n}`, large))).statusCode);
    expect(statuses[0]).toBe(201);
    expect(statuses.at(-1)).toBe(507);
    expect(books.full).toBe(true);
    expect(statSync(journal()).size).toBeLessThan(150_000);
    // What was written before is still known after a restart.
    const again = await partner({ maxBytes: 100_000 });
    expect(again.books.full).toBe(true);
    expect(again.books.entries.length).toBe(books.entries.length);
  });

  it('is not filled by changes of mood, and changes no mood when it is full', async () => {
    const { app, books, control } = await partner({ maxBytes: 5_000 }, ['mood']);
    const put = (mood: string) => app.inject({ method: 'PUT', url: '/_stub/mood', payload: { mood } });
    for (let n = 0; n < 200; n += 1) await put(n % 2 === 0 ? 'outage' : 'calm');
    expect(statSync(journal()).size).toBeLessThan(6_000);
    expect(books.full).toBe(true);
    const headers = { authorization: 'Bearer right' };
    expect((await control.inject({ url: '/journal', headers })).json()).toMatchObject({ full: true });
  });
});

describe('a trainee at a partner', () => {
  it('is not let in at the control port without its token, by any way', async () => {
    const { control, books } = await partner({});
    const tokens = ['', 'Bearer ', 'Bearer wrong', 'bearer right ', 'Basic right', 'Bearer right\u00e9'];
    for (const authorization of tokens) {
      for (const [method, url] of [
        ['GET', '/journal'],
        ['GET', '/journal?x=/health'],
        ['GET', '/health/../journal'],
        ['GET', '//journal'],
        ['PUT', '/mood'],
        ['POST', '/expire-tokens'],
      ] as const) {
        const { statusCode, body } = await control.inject({ method, url, headers: { authorization } });
        expect(statusCode, `${method} ${url} ${authorization}`).toBe(401);
        expect(body).not.toContain('entries');
      }
    }
    const right = { url: '/journal', headers: { authorization: 'Bearer right' } };
    expect((await control.inject(right)).statusCode).toBe(200);
    expect(books.mood.name).toBe('calm');
  });

  it('has only what the template allows on the public port', async () => {
    const { app, books } = await partner({});
    for (const url of ['/_stub/journal', '/_stub/mood', '/_stub/../journal', '/journal', '/mood'])
      expect((await app.inject(url)).statusCode, url).toBe(404);
    const put = { method: 'PUT', url: '/_stub/mood', payload: { mood: 'outage' } } as const;
    expect((await app.inject(put)).statusCode).toBe(404);
    expect(books.mood.name).toBe('calm');
    const { app: open } = await partner({}, ['mood']);
    expect((await open.inject(put)).statusCode).toBe(200);
    expect((await open.inject('/_stub/journal')).statusCode).toBe(404);
  });

  it('cannot forge lines of the journal by what it sends', async () => {
    const { app } = await partner({});
    const forged = '"}\n{"line":"entry","entry":{"seq":9,"effect":"paid"}}\n{"line":"expire"';
    await app.inject(post(forged.replaceAll('\n', '%0a'), forged));
    const again = await partner({});
    expect(again.books.entries).toHaveLength(1);
    expect(again.books.entries[0]?.effect).toBeUndefined();
  });
});
