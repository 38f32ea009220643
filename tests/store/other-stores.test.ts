import { readdirSync } from 'node:fs';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashToken } from '../../src/http/token.ts';
import { createAuditLog } from '../../src/store/audit-log.ts';
import { readInstallation } from '../../src/store/installation.ts';
import { migrate } from '../../src/store/migrate.ts';
import { createPool } from '../../src/store/pool.ts';
import { type BundleCodec, createTemplateStore } from '../../src/store/template-store.ts';
import { createTokenStore } from '../../src/store/token-store.ts';
import { startTestPostgres, type TestPostgres } from '../support/postgres.ts';
import { versionWith } from '../support/versions.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
let server: TestPostgres;
let pool: pg.Pool;
let databaseUrl: string;

beforeAll(async () => {
  server = await startTestPostgres();
  databaseUrl = await server.createDatabase();
  // Every replica may start at once.
  await Promise.all([1, 2, 3, 4].map(() => migrate(databaseUrl, log)));
  pool = createPool({ databaseUrl, max: 5, name: 'test' }, log);
});
afterAll(async () => {
  await pool.end();
  await server.stop();
});

describe('migrations', () => {
  it('ran once each, and run again as nothing', async () => {
    await migrate(databaseUrl, log);
    const { rows } = await pool.query('select name from schema_migrations order by id');
    const files = readdirSync(new URL('../../src/store/migrations', import.meta.url)).sort();
    expect(rows.map(({ name }) => `${name}.sql`)).toEqual(files);
  });

  it('leave a database alone whose schema another version knows more of', async () => {
    await pool.query(`insert into schema_migrations (name, run_on) values ('9999_later', now())`);
    await migrate(databaseUrl, log);
    await pool.query(`delete from schema_migrations where name = '9999_later'`);
  });

  it('give the installation an identity that stays', async () => {
    const installation = await readInstallation(pool);
    expect(installation.id).toMatch(/^[0-9a-f]{8}-/);
    await migrate(databaseUrl, log);
    expect(await readInstallation(pool)).toEqual(installation);
    await expect(pool.query('insert into installation default values')).rejects.toThrow('duplicate key');
  });
});

describe('template versions', () => {
  it('are kept under their hash, encoded once', async () => {
    const version = versionWith('first-steps', 'hash-1');
    let encoded = 0;
    const codec: BundleCodec = {
      encode: () => Uint8Array.of(0, 1, 255, ++encoded),
      decode: (bytes) => {
        expect([...bytes]).toEqual([0, 1, 255, 1]);
        return version;
      },
    };
    const store = createTemplateStore(pool, codec);
    expect(await store.load(version.hash)).toBeNull();
    await store.save(version);
    await store.save(version);
    expect(encoded).toBe(1);
    expect(await store.load(version.hash)).toBe(version);
  });
});

describe('tokens', () => {
  const token = (id: string, ttlSeconds: number | null) => ({
    id,
    role: 'trainee' as const,
    subject: 'ada',
    name: `${id} of ada`,
    hash: hashToken(`plain ${id}`),
    ttlSeconds,
  });

  it('are found by their hash, valid until they expire or are revoked', async () => {
    const store = createTokenStore(pool);
    const made = await store.create(token('one', null));
    expect(made).toMatchObject({
      id: 'one',
      role: 'trainee',
      subject: 'ada',
      expiresAt: null,
      revokedAt: null,
    });
    expect(await store.findByHash(hashToken('plain one'))).toEqual({ ...made, state: 'valid' });
    expect(await store.findByHash(hashToken('plain other'))).toBeNull();
    await store.create(token('short', 0));
    expect(await store.findByHash(hashToken('plain short'))).toMatchObject({ state: 'expired' });
    expect(await store.revoke('one')).toBe(true);
    expect(await store.revoke('one')).toBe(false);
    expect(await store.findByHash(hashToken('plain one'))).toMatchObject({ state: 'revoked' });
    expect((await store.list()).map(({ id }) => id)).toEqual(['one', 'short']);
  });

  it('remember when they were used, to the minute', async () => {
    const store = createTokenStore(pool);
    await store.create(token('used', 3600));
    await store.touch('used');
    const first = (await store.findByHash(hashToken('plain used')))?.lastUsedAt;
    expect(first).toBeInstanceOf(Date);
    await store.touch('used');
    expect((await store.findByHash(hashToken('plain used')))?.lastUsedAt).toEqual(first);
  });

  it('are not kept in the clear', async () => {
    await createTokenStore(pool).create(token('secret', null));
    const { rows } = await pool.query(`select tokens::text as row from tokens where id = 'secret'`);
    expect(rows[0].row).not.toContain('plain secret');
    expect(rows[0].row).toContain(Buffer.from(hashToken('plain secret')).toString('hex'));
  });
});

describe('the audit log', () => {
  it('gives what was done, newest first, by target', async () => {
    const audit = createAuditLog(pool);
    const entry = { actor: 'ines', role: 'instructor', action: 'lab.delete', outcome: 'done', detail: {} };
    for (const target of ['lab-1', 'lab-2', 'lab-1']) await audit.record({ ...entry, target });
    const [newest, oldest] = await audit.list({ target: 'lab-1', limit: 10 });
    expect(newest).toMatchObject({ ...entry, target: 'lab-1', at: expect.any(Date) });
    expect(Number(newest?.id)).toBeGreaterThan(Number(oldest?.id));
    expect(await audit.list({ before: newest?.id ?? '', target: 'lab-1', limit: 10 })).toEqual([oldest]);
    expect(await audit.list({ limit: 2 })).toHaveLength(2);
  });

  it('is changed by nobody', async () => {
    await createAuditLog(pool).record({
      actor: 'a',
      role: 'admin',
      action: 'x',
      target: null,
      outcome: 'done',
      detail: {},
    });
    await expect(pool.query(`update audit_log set actor = 'someone else'`)).rejects.toThrow('append-only');
    await expect(pool.query('delete from audit_log')).rejects.toThrow('append-only');
    await expect(pool.query('truncate audit_log')).rejects.toThrow('append-only');
  });
});
