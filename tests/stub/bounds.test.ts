import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openBooks } from '../../src/stub/books.ts';
import { buildPublic } from '../../src/stub/public.ts';
import { parseStubFile } from '../../src/stub/spec.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stub-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function partner(text: string, maxEntries = 100) {
  const parsed = parseStubFile(text);
  if (!('spec' in parsed)) throw new Error(JSON.stringify(parsed.problems));
  const books = openBooks(join(folder, 'journal.jsonl'), 'calm', { maxEntries });
  const app = await buildPublic({ ...parsed, books, trainee: [], closing: new AbortController().signal });
  return { app, books };
}

const route =
  'routes: [{ method: POST, path: /o, effect: { key: "{{request.json.id}}" }, answer: { status: 201 } }]';
const post = (id?: string) =>
  ({ method: 'POST', url: '/o', headers: { 'content-type': 'application/json' }, payload: { id } }) as const;

describe('a journal', () => {
  it('refuses requests that it cannot hold, also after a restart, and does nothing for them', async () => {
    const { app, books } = await partner(route, 2);
    const answers = [await app.inject(post('a')), await app.inject(post('b')), await app.inject(post('c'))];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201, 507]);
    expect(books.entries.map(({ effect }) => effect)).toEqual(['a', 'b']);
    expect(books.full).toBe(true);
    const again = await partner(route, 2);
    expect((await again.app.inject(post('d'))).statusCode).toBe(507);
  });

  it('counts no effect that has no key', async () => {
    const { app, books } = await partner(route);
    expect((await app.inject(post())).statusCode).toBe(201);
    expect(books.entries[0]).not.toHaveProperty('effect');
  });
});

describe('an answer', () => {
  it('is JSON, or a text of its own type, or nothing', async () => {
    const { app } = await partner(`
routes:
  - { method: GET, path: /json, answer: { json: just a text } }
  - { method: GET, path: /page, answer: { headers: { Content-Type: text/html }, json: "<p>{{request.query.q}}" } }
  - { method: GET, path: /none, answer: { status: 204 } }
`);
    const json = await app.inject('/json');
    expect([json.headers['content-type'], json.body]).toEqual([
      'application/json; charset=utf-8',
      '"just a text"',
    ]);
    const page = await app.inject('/page?q=7');
    expect([page.headers['content-type'], page.body]).toEqual(['text/html', '<p>7']);
    expect((await app.inject('/none')).statusCode).toBe(204);
  });
});
