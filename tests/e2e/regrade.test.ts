/** A check that was wrong, from the first grade to its correction and back, over HTTP and on real sandboxes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { start } from '../cli/labwright.ts';
import type { AttemptWire, Client } from './client.ts';
import { startWorld, type World } from './support.ts';
import { testTemplates } from './test-templates.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

interface Regrade {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly changed: number;
  readonly changedFinals: number;
  readonly kept: number;
}

interface Item {
  readonly lab: string;
  readonly attempt: number;
  readonly pointsBefore: number;
  readonly points: number;
  readonly kept: Readonly<Record<string, readonly string[]>>;
  readonly changes: readonly {
    readonly check: string;
    readonly because: string;
    readonly from: { readonly verdict: string; readonly message: string | null };
    readonly to: { readonly verdict: string; readonly message: string | null };
    readonly expectations: readonly object[];
    readonly observed: Readonly<Record<string, string>>;
  }[];
}

interface Progress {
  readonly points: number;
  readonly submitted: { readonly points: number } | null;
  readonly tasks: readonly { readonly checks: readonly { readonly id: string; readonly state: string }[] }[];
}

let templates: ReturnType<typeof testTemplates>;
let world: World;
let first: string;
const labs: Record<string, string> = {};
const people: Record<string, Client> = {};

beforeAll(async () => {
  templates = testTemplates('chores');
  world = await startWorld({ templatesDir: templates.folder, spares: '0' });
  first = (await world.runtime.templates.load('chores'))?.hash ?? '';
  const chores = { ada: ['one', 'two', 'three'], bob: ['one', 'two', 'three', 'four'], cyd: [] };
  await Promise.all(
    Object.entries(chores).map(async ([name, done]) => {
      const client = await world.trainee(name);
      const { id } = await client.create({ template: 'chores' });
      await client.untilReady(id);
      people[name] = client;
      labs[name] = id;
      if (done.length > 0)
        await sql(name, `insert into chores values ${done.map((one) => `('${one}')`).join()}`);
    }),
  );
});
afterAll(async () => {
  await world?.stop();
  templates?.remove();
});

const lab = (name: string) => labs[name] ?? '';
const as = (name: string): Client => people[name] ?? world.instructor;

async function sql(name: string, text: string): Promise<void> {
  const { components } = await as(name).access(lab(name));
  const { host, port, database, user, password } = (components.database?.facts ?? {}) as Record<
    string,
    string
  >;
  const client = new pg.Client({ host, port: Number(port), database, user, password });
  await client.connect();
  await client.query(text);
  await client.end();
}

/** Puts other text into the template's folder; the newest version is it from now on. */
async function correct(...pairs: readonly (readonly [string, string])[]): Promise<string> {
  const path = join(templates.folder, 'chores', 'lab.yaml');
  let text = readFileSync(path, 'utf8');
  for (const [from, to] of pairs) {
    expect(text).toContain(from);
    text = text.replaceAll(from, to);
  }
  writeFileSync(path, text);
  const before = first;
  await vi.waitFor(async () => expect((await world.runtime.drafts.load('chores'))?.hash).not.toBe(before), {
    timeout: 20_000,
  });
  return (await world.runtime.drafts.load('chores'))?.hash ?? '';
}

const regrade = (body: object = {}) =>
  world.instructor.call<Regrade>('POST', '/regrade', { template: 'chores', ...body });
const items = async ({ id }: Regrade) =>
  (await world.instructor.call<{ items: Item[] }>('GET', `/regrades/${id}/attempts`)).items;
const act = (what: 'apply' | 'undo', { id }: Regrade) =>
  world.instructor.call<Regrade>('POST', `/regrades/${id}/${what}`, { reason: 'It counted wrongly.' });
const attempt = (name: string, number = 1) => world.instructor.attempt(lab(name), number);
const progress = (name: string) => as(name).call<Progress>('GET', `/labs/${lab(name)}/progress`);
const verdicts = ({ results }: AttemptWire) =>
  Object.fromEntries(results.map(({ check, verdict }) => [check, verdict]));
const everything = async () =>
  Promise.all(
    ['ada', 'bob', 'cyd'].map(async (name) => [
      await as(name).call('GET', `/labs/${lab(name)}/attempts`),
      await progress(name),
    ]),
  );

/** A command of an instructor. */
async function cli(...args: readonly string[]) {
  const token = (await world.runtime.ensureTokens())?.instructor ?? '';
  const env = { LABWRIGHT_URL: world.url, LABWRIGHT_TOKEN: token };
  return start(args, env).ended;
}

describe('attempts that a wrong check has judged', () => {
  let dry: Regrade;
  let before: unknown;

  it('are judged as the check says', async () => {
    const graded = await Promise.all(['ada', 'bob', 'cyd'].map((name) => as(name).grade(lab(name))));
    expect(graded.map(verdicts)).toEqual([
      { count: 'fail', named: 'blocked', notes: 'fail', kept: 'fail' },
      { count: 'pass', named: 'pass', notes: 'fail', kept: 'pass' },
      { count: 'fail', named: 'blocked', notes: 'fail', kept: 'fail' },
    ]);
    before = await everything();
  });

  it('are judged the same again by the same template', async () => {
    const same = await regrade({ to: first });
    expect(same).toMatchObject({ state: 'ready', attempts: 3, changed: 0, kept: 0 });
    expect(await items(same)).toEqual([]);
  });

  it('are explained to instructors, with what was compared, and not to trainees', async () => {
    interface Explained {
      readonly explained: readonly {
        readonly check: string;
        readonly alone: { readonly verdict: string };
        readonly expectations: readonly { readonly compared: readonly object[] }[];
        readonly looks: readonly {
          readonly name: string;
          readonly seen: string | null;
          readonly unseen: object;
        }[];
      }[];
    }
    const path = `/labs/${lab('ada')}/attempts/1?explain=true`;
    const { explained } = await world.instructor.call<Explained>('GET', path);
    const [count, named, notes] = explained;
    expect(count?.expectations[0]?.compared).toEqual([
      {
        text: 'n.rows[0].n == 4',
        left: { text: 'n.rows[0].n', value: '3' },
        right: { text: '4', value: '4' },
      },
    ]);
    expect(count?.looks[0]?.seen).toMatch(/"code":"•••"/);
    expect(named?.alone.verdict).toBe('pass');
    expect(notes?.looks[0]).toMatchObject({ name: 'notes', seen: null, unseen: { problem: 'missing' } });
    expect(JSON.stringify(explained)).not.toContain('OPEN-SESAME');
    await expect(as('ada').call('GET', path)).rejects.toThrow('forbidden');
    const shown = await cli('attempt', 'show', lab('ada'));
    expect(shown.stdout).toContain('✗ n.rows[0].n == 4');
    expect(shown.stdout).toMatch(/n\.rows\[0\]\.n == 4: +3 +against +4/);
    expect(shown.stdout).not.toContain('OPEN-SESAME');
  });

  it('are judged again by the corrected one, which says who changes and why, and nothing counts yet', async () => {
    const hash = await correct(['n.rows[0].n == 4', 'n.rows[0].n == 3'], ['not 4.', 'not 3.']);
    dry = await regrade();
    expect(dry).toMatchObject({ state: 'ready', to: hash, attempts: 3, changed: 3, kept: 0 });
    const found = await items(dry);
    const ada = found.find((one) => one.lab === lab('ada'));
    expect(ada).toMatchObject({ attempt: 1, pointsBefore: 0, points: 20 });
    expect(ada?.changes).toMatchObject([
      {
        check: 'count',
        because: 'judged',
        from: { verdict: 'fail', message: 'There are 3 chores, not 4.' },
        to: { verdict: 'pass', message: null },
        expectations: [{ old: 'n.rows[0].n == 4', new: 'n.rows[0].n == 3', metBefore: false, metNow: true }],
      },
      { check: 'named', from: { verdict: 'blocked' }, to: { verdict: 'pass' } },
    ]);
    expect(ada?.changes[0]?.observed.n).toMatch(/"n":3/);
    expect(ada?.changes[0]?.observed.n).toMatch(/"code":"•••"/);
    const bob = found.find((one) => one.lab === lab('bob'));
    expect(bob?.changes.map(({ check, to }) => [check, to.verdict])).toEqual([
      ['count', 'fail'],
      ['named', 'blocked'],
    ]);
    const cyd = found.find((one) => one.lab === lab('cyd'));
    expect(cyd?.changes.map(({ from, to }) => [from.message, to.message])).toEqual([
      ['There are 0 chores, not 4.', 'There are 0 chores, not 3.'],
    ]);
    expect(await everything()).toEqual(before);
  });

  it('refuse trainees', async () => {
    await expect(as('ada').call('POST', '/regrade', { template: 'chores' })).rejects.toThrow('forbidden');
    await expect(as('ada').call('GET', `/regrades/${dry.id}`)).rejects.toThrow('forbidden');
    await expect(as('ada').call('POST', `/regrades/${dry.id}/apply`, { reason: 'x' })).rejects.toThrow(
      'forbidden',
    );
  });

  it('count as they are judged now once it is applied, below what people said', async () => {
    await world.instructor.call('PUT', `/labs/${lab('bob')}/attempts/1/overrides/count`, {
      verdict: 'pass',
      reason: 'It was our fault.',
    });
    expect(await act('apply', dry)).toMatchObject({ state: 'applied' });
    expect(verdicts(await attempt('ada'))).toMatchObject({ count: 'pass', named: 'pass' });
    const seen = await as('ada').call<
      AttemptWire & { regraded: object; results: readonly { recorded: object }[] }
    >('GET', `/labs/${lab('ada')}/attempts/1`);
    expect(seen).toMatchObject({ points: 20, regraded: { reason: 'It counted wrongly.' } });
    expect(seen.results[0]?.recorded).toMatchObject({
      verdict: 'fail',
      message: 'There are 3 chores, not 4.',
    });
    expect(verdicts(await attempt('bob'))).toMatchObject({ count: 'pass', named: 'blocked' });
    const states = (await progress('ada')).tasks[0]?.checks.map(({ id, state }) => [id, state]);
    expect(states).toContainEqual(['count', 'pass']);
    const audit = await world.instructor.call<{ items: object[] }>('GET', '/audit?action=regrade.apply');
    expect(audit.items).toMatchObject([
      { target: dry.id, outcome: 'done', detail: { reason: 'It counted wrongly.' } },
      { actor: 'ada', outcome: 'forbidden' },
    ]);
  });

  it('tell the reader of the lab’s events', async () => {
    const events = await world.runtime.store.eventsAfter(lab('ada'), 0, 1_000);
    expect(events.at(-1)).toMatchObject({ type: 'attempt.regraded', data: { attempt: 1, points: 20 } });
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
  });

  it('are listed and shown by the command line, and cannot be applied there without a reason', async () => {
    expect((await cli('regrade')).stdout).toContain(dry.id);
    const shown = await cli('regrade', '--show', dry.id);
    expect(shown.stdout).toContain('3 attempts judged again, 3 change.');
    expect(shown.stdout).toContain('now  n.rows[0].n == 3   (met)');
    const refused = await cli('regrade', 'chores', '--apply');
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('--reason')]);
    expect((await cli('audit', '--target', dry.id)).stdout).toContain('regrade.apply');
  });

  it('are not undone while another regrade counts on top', async () => {
    await correct(['n.rows[0].n == 3', 'n.rows[0].n == 0'], ['not 3.', 'not 0.']);
    const second = await regrade({ check: 'count' });
    expect((await items(second)).find((one) => one.lab === lab('cyd'))).toMatchObject({ points: 10 });
    await act('apply', second);
    await expect(act('apply', second)).rejects.toThrow('conflict');
    await expect(act('undo', dry)).rejects.toThrow('counts on top of it');
    await act('undo', second);
    expect(verdicts(await attempt('cyd'))).toMatchObject({ count: 'fail' });
    expect(verdicts(await attempt('ada'))).toMatchObject({ count: 'pass', named: 'pass' });
  });

  it('count as they were recorded again once all is undone', async () => {
    await act('undo', dry);
    const after = (await everything()) as [{ items: AttemptWire[] }, Progress][];
    const [ada, , cyd] = before as [{ items: AttemptWire[] }, Progress][];
    expect([after[0], after[2]]).toEqual([ada, cyd]);
    expect(after[1]?.[0].items[0]?.points).toBe(25);
  });
});

describe('a regrade', () => {
  it('is refused when an attempt was graded since, and says which', async () => {
    const dry = await regrade();
    await as('cyd').grade(lab('cyd'));
    await expect(act('apply', dry)).rejects.toThrow(`attempt 2 of ${lab('cyd')} was graded since`);
  });

  it('leaves grades alone that were handed in, unless it is asked for', async () => {
    await as('ada').call('POST', `/labs/${lab('ada')}/attempts`, { final: true });
    await as('ada').untilGraded(lab('ada'), 2);
    await correct(['n.rows[0].n == 0', 'n.rows[0].n == 3'], ['not 0.', 'not 3.']);
    const without = await regrade();
    expect(without.changedFinals).toBe(1);
    // Twice at once: one of them counts.
    const both = await Promise.allSettled([act('apply', without), act('apply', without)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect((await progress('ada')).submitted?.points).toBe(0);
    expect(verdicts(await attempt('ada', 1))).toMatchObject({ count: 'pass' });
    await act('undo', without);
    const withThem = await regrade({ finals: true });
    await act('apply', withThem);
    expect((await progress('ada')).submitted?.points).toBe(20);
    await act('undo', withThem);
    expect((await progress('ada')).submitted?.points).toBe(0);
  });

  it('keeps a verdict whose look is another now, and says so', async () => {
    await correct(['select text from notes', "select text from notes where text <> ''"]);
    const dry = await regrade({ lab: lab('bob') });
    const [bob] = await items(dry);
    expect(bob?.kept).toEqual({ notes: ['the look "notes" has changed'] });
    expect(bob?.changes.map(({ check }) => check)).not.toContain('notes');
  });

  it('judges what could not be seen again, with its reason', async () => {
    await correct(
      ["select text from notes where text <> ''", 'select text from notes'],
      ['else: "There are no notes."', 'else: "No notes."'],
    );
    const dry = await regrade({ lab: lab('bob'), check: 'notes' });
    expect(dry).toMatchObject({ changed: 0, kept: 0 });
  });

  it('takes a look that another check has recorded, and none that nobody has', async () => {
    await correct(
      ['done.rows.size() >= 4', 'done.rows.size() >= n.rows[0].n && done.rows.size() > 0'],
      [
        '    sticky: true\n',
        '    sticky: true\n    observe: { n: { sql: { component: database, query: "select count(*)::int as n, $1 as code from chores", args: ["{{params.code}}"] } } }\n',
      ],
    );
    const dry = await regrade({ lab: lab('ada'), check: 'kept' });
    const [one] = await items(dry);
    expect(one?.changes).toMatchObject([{ check: 'kept', to: { verdict: 'pass' } }]);
    await correct([
      'from chores", args: ["{{params.code}}"] } } }\n    expect: [{ that: "done.rows.size() >= n',
      'from chores limit 1", args: ["{{params.code}}"] } } }\n    expect: [{ that: "done.rows.size() >= n',
    ]);
    const other = await items(await regrade({ lab: lab('ada'), check: 'kept' }));
    expect(other[0]?.kept.kept).toEqual(['the look "n" was not recorded']);
  });

  it('is stopped by whoever hangs up, and cannot be applied then', async () => {
    const stop = new AbortController();
    const asked = world.runtime.regrades.regrade(
      { role: 'instructor', subject: 'ines' },
      { template: 'chores', from: null, to: 'draft', lab: null, check: null, finals: false },
      stop.signal,
    );
    stop.abort(new Error('gone'));
    await expect(asked).rejects.toThrow();
    const { items: all } = await world.instructor.call<{ items: Regrade[] }>(
      'GET',
      '/regrades?template=chores',
    );
    const stopped = all.find(({ state }) => state === 'stopped');
    if (stopped !== undefined) await expect(act('apply', stopped)).rejects.toThrow('it cannot be applied');
    expect(all.every(({ state }) => state !== 'running')).toBe(true);
  });
});
