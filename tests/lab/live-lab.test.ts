/** Faults, watches, checkpoints and skips in a whole Labwright, with real databases, files and processes. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { query } from '../e2e/belongings.ts';
import type { Client } from '../e2e/client.ts';
import { eventually, startWorld, type World } from '../e2e/support.ts';
import { doSteps } from '../e2e/trainee-steps.ts';

const yaml = `
labwright: 1
id: drill
title: Keep the ledger
summary: Keep it while somebody breaks it.
level: foundation
competencies: [database.sql]
minutes: 10
lifetime: { ttl: 1h, max: 1h }
backends: [process]
grading: { deadline: 20s, onDemand: { every: 250ms } }
parameters:
  incident: { draw: { pattern: "INC-[0-9]{5}" } }
components:
  database: { postgres: { seed: [schema.sql], trainee: { role: read-write } } }
  workspace: { shell: { files: workspace/ } }
instructions: README.md
watches:
  - id: rows
    every: 1s
    observe: { sql: { component: database, query: "select count(*)::int as n from ledger" } }
    good: it.rows[0].n > 0
faults:
  - id: loss
    when: { trainee: Lose it, after: entered }
    say: "{{params.incident}}: the ledger is gone."
    steps:
      - { id: lose, sql: { component: database, as: grader, statement: "delete from ledger" } }
  - id: echo
    when: { fault: loss }
    steps:
      - { id: note, sql: { component: database, as: grader, statement: "insert into notes values ('after')" } }
tasks:
  - id: enter
    title: Enter it
    checks: [entered]
    checkpoint: true
    skip: { solution: by-hand, steps: [enter], penalty: 2 }
checks:
  - id: entered
    title: It is entered
    points: 10
    observe: { it: { sql: { component: database, query: "select count(*)::int as n from ledger where what = 'mine'" } } }
    expect: [{ that: "it.rows[0].n > 0", else: It is not entered. }]
solutions:
  by-hand:
    - { id: enter, sql: { component: database, as: trainee, statement: "insert into ledger values ('mine')" } }
wrong:
  - { id: other, from: by-hand, steps: { drop: [enter] }, fails: { entered: fail } }
`;

function makeTemplates(): string {
  const templates = mkdtempSync(join(tmpdir(), 'labwright-drill-'));
  const folder = join(templates, 'drill');
  mkdirSync(join(folder, 'workspace'), { recursive: true });
  writeFileSync(join(folder, 'lab.yaml'), yaml.trimStart());
  writeFileSync(join(folder, 'README.md'), '# Drill\n');
  writeFileSync(join(folder, 'workspace', 'hello.txt'), 'hello\n');
  writeFileSync(
    join(folder, 'schema.sql'),
    "create table ledger (what text not null); insert into ledger values ('theirs'); create table notes (what text);",
  );
  return templates;
}

describe('a live lab', () => {
  const templates = makeTemplates();
  let world: World;
  let ann: Client;
  let lab: string;

  beforeAll(async () => {
    world = await startWorld({ templatesDir: templates, spares: '0' });
    ann = await world.trainee('ann');
    lab = (await ann.create({ template: 'drill' })).id;
    await ann.untilReady(lab, 60_000);
  }, 120_000);
  afterAll(async () => {
    await world?.stop();
    rmSync(templates, { recursive: true, force: true });
  });

  const sql = async <T extends object>(text: string) => {
    const { components } = await ann.access(lab);
    return query<T>(String(components.database?.facts.url), text);
  };
  const events = async () => {
    const all = await query<{ type: string; data: Record<string, unknown> }>(
      world.installation.controlUrl,
      `select type, data from lab_events where lab_id = '${lab}' order by seq`,
    );
    return all.map(({ type, data }) => ({ type, data }));
  };
  const happened = (type: string) =>
    eventually(
      async () => (await events()).some((event) => event.type === type),
      () => type,
    );

  it('has a task done for its trainee, and keeps the state after it', async () => {
    await ann.call('POST', `/labs/${lab}/tasks/enter/skip`);
    await happened('task.skipped');
    expect(await sql('select what from ledger order by what')).toEqual([
      { what: 'mine' },
      { what: 'theirs' },
    ]);
    expect((await ann.grade(lab)).points).toBe(8);
    await happened('checkpoint.kept');
    expect(await sql('select count(*)::int as n from ledger')).toEqual([{ n: 2 }]);
  }, 60_000);

  it('breaks when the button is pressed, says so, and what follows follows', async () => {
    await ann.call('POST', `/labs/${lab}/press`, { button: 'Lose it' });
    await eventually(
      async () => (await events()).filter(({ type }) => type === 'fault.done').length === 2,
      () => 'both faults',
    );
    const [fired] = (await events()).filter(({ type }) => type === 'fault.fired');
    expect(fired?.data).toMatchObject({
      fault: 'loss',
      say: expect.stringMatching(/^INC-\d{5}: the ledger is gone\.$/),
    });
    expect(await sql('select count(*)::int as n from ledger')).toEqual([{ n: 0 }]);
    expect(await sql('select what from notes')).toEqual([{ what: 'after' }]);
  }, 30_000);

  it('was watched all the time, also while it was copied', async () => {
    await delay(7_000);
    const runs = await query<{ good: boolean; from: Date; to: Date; count: number }>(
      world.installation.controlUrl,
      `select good, from_at as from, to_at as to, count from watch_samples where lab_id = '${lab}' order by from_at`,
    );
    const turns = runs.map(({ good }) => good).filter((good, n, all) => good !== all[n - 1]);
    expect(turns).toEqual([true, false]);
    // Two seconds is what is asked of an idle machine; this one may be busy.
    const gaps = runs.slice(1).map(({ from }, n) => Number(from) - Number(runs[n]?.to));
    expect(Math.max(...gaps)).toBeLessThan(4_000);
  }, 30_000);

  it('goes back to the state that was kept, in a sandbox of its own', async () => {
    const before = await ann.access(lab);
    await ann.call('POST', `/labs/${lab}/tasks/enter/rewind`);
    await ann.untilReady(lab, 30_000);
    expect(await ann.access(lab)).not.toEqual(before);
    expect(await sql('select what from ledger order by what')).toEqual([
      { what: 'mine' },
      { what: 'theirs' },
    ]);
    expect(await sql('select what from notes')).toEqual([]);
  }, 60_000);

  it('has steps graded that press a button which waits for a check', async () => {
    const bob = await world.trainee('bob');
    const { id } = await bob.create({ template: 'drill' });
    await bob.untilReady(id, 60_000);
    const press = { id: 'press', kind: 'press', spec: { button: 'Lose it' }, save: {}, allowIdle: null };
    const [refused] = await doSteps(world, id, [press], false);
    expect(refused?.reason).toMatch(/once the check "It is entered" has passed/);
    const { components } = await bob.access(id);
    await query(String(components.database?.facts.url), "insert into ledger values ('mine')");
    // The template's pause between two attempts.
    await delay(250);
    const [pressed] = await doSteps(world, id, [press], false);
    expect(pressed).toMatchObject({ id: 'press', outcome: 'done' });
  }, 120_000);
});
