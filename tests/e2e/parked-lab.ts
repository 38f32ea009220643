/** The lab `parked`, whose experiments wait at the steps that a test names, in every copy of it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { sandboxFolder } from '../../src/sandbox/naming.ts';
import { type Installation, query } from './belongings.ts';
import { databasesOf, sandboxOf } from './lab-state.ts';
import { eventually } from './support.ts';

export type ParkedLab = Awaited<ReturnType<typeof parkedLab>>;

/** Longer than any test waits: what is parked is released, or cut off. */
const seconds = 45;

const goodTest = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { two } from '../two.mjs';
test('counts', () => assert.equal(two, 2));
`;
const slowTest = `import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
test('waits', () => delay(${seconds * 1000}));
`;

export async function parkedLab(installation: Installation, lab: string) {
  const { controlUrl, labsUrl, dataDir } = installation;
  const sandbox = await sandboxOf(installation, lab);
  const [database] = await databasesOf(installation, sandbox);
  if (database === undefined) throw new Error(`lab ${lab} has no database`);
  const inLab = <Row extends object>(text: string, values: unknown[] = []) =>
    query<Row>(database.url, text, values);
  const testFile = join(dataDir, 'sandboxes', sandboxFolder(sandbox), 'workspace-1/app/test/park.test.mjs');

  /** Databases of the attempts' copies that live. */
  async function copies(): Promise<readonly string[]> {
    const rows = await query<{ id: string }>(
      controlUrl,
      `select id from sandboxes where starts_with(owner, 'attempt:') and state in ('building', 'up')`,
    );
    const all = await Promise.all(rows.map(({ id }) => databasesOf(installation, id)));
    return all.flat().map(({ url }) => url);
  }

  /** Steps that were reached in the lab or in a copy of it, with the databases where they were. */
  async function reached(): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (const url of [database?.url ?? '', ...(await copies())]) {
      // Closed for a copy, or gone meanwhile.
      const rows = await query<{ step: string }>(url, 'select step from reached').catch(() => []);
      for (const { step } of rows) found.set(step, url);
    }
    return found;
  }

  return {
    database,
    inLab,
    async park(...steps: readonly string[]): Promise<void> {
      await inLab('delete from parking');
      for (const step of steps) await inLab('insert into parking values ($1, $2)', [step, seconds]);
    },
    /** Waits until all of these are under way; gives the databases where they are. */
    async untilReached(...steps: readonly string[]): Promise<ReadonlyMap<string, string>> {
      let found: ReadonlyMap<string, string> = new Map();
      await eventually(
        async () => {
          found = await reached();
          return steps.every((step) => found.has(step));
        },
        () => `${steps.join(', ')}; reached are ${[...found.keys()].join(', ')}`,
        20_000,
      );
      return found;
    },
    /** Holds all copying of the lab's database, just before the copy is made, until the result is called. */
    async holdCopies(): Promise<() => Promise<void>> {
      const client = new pg.Client({ connectionString: labsUrl });
      client.on('error', () => {});
      await client.connect();
      // A comment's lock conflicts with the one that CREATE DATABASE takes of its template, and with nothing else here.
      await client.query(`begin; comment on database "${database.name}" is 'held'`);
      return () => client.end();
    },
    async untilCopying(): Promise<void> {
      await eventually(
        async () => {
          const waiting = await query(
            labsUrl,
            `select from pg_stat_activity where query ilike 'create database%' and wait_event_type = 'Lock'`,
          );
          return waiting.length > 0;
        },
        () => 'the copy to be held',
        20_000,
      );
    },
    /** What the trainee's tests are; the first that a lab has finds nothing. */
    setTests: (kind: 'good' | 'slow') => writeFileSync(testFile, kind === 'good' ? goodTest : slowTest),
    fired: async () =>
      (await inLab<{ name: string }>('select name from fired order by name')).map(({ name }) => name),
    chores: async () =>
      (await inLab<{ name: string }>('select name from chores order by name')).map(({ name }) => name),
  };
}
