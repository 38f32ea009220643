/** One live lab and a template that is edited, over a whole runtime. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createWorkbench, type Workbench } from '../../src/authoring/workbench.ts';
import type { Caller } from '../../src/lab/lab-service.ts';
import { leftoversAfter, startWorld, type World } from '../e2e/support.ts';
import { quiet } from '../support/graded-lab.ts';
import { makeShelf, type Shelf } from './shelf.ts';

vi.setConfig({ testTimeout: 120_000 });

const caller: Caller = { role: 'instructor', subject: 'author' };
const { signal } = new AbortController();

let shelf: Shelf;
let world: World;
let bench: Workbench;

beforeAll(async () => {
  shelf = makeShelf();
  world = await startWorld({ templatesDir: shelf.root, spares: '0' });
  bench = createWorkbench(
    { ...world.runtime, log: quiet },
    { folder: shelf.folder, id: 'shelf', caller, say: () => {} },
  );
  await bench.read();
  await bench.remake(signal);
});
afterAll(async () => {
  await world?.stop();
  shelf?.remove();
});

const only = async (word: string) => {
  const [report] = (await bench.check(word, signal)).checks;
  if (report === undefined) throw new Error(`no report of ${word}`);
  return report;
};
const steps = (solution: string) => bench.template().solutions[solution] ?? [];
const solve = () => bench.act(steps('by-sql'), false, () => {}, signal);

describe('one check alone', () => {
  afterEach(() => bench.reset(signal));

  it('has the verdict that an attempt gives it, solved and not', async () => {
    for (const solved of [false, true]) {
      if (solved) expect(await solve()).toBe(true);
      const requested = await world.runtime.attempts.requestAttempt(caller, bench.labId() ?? '', {
        final: false,
      });
      const attempt = await vi.waitUntil(
        async () => {
          const now = await world.runtime.attempts.getAttempt(caller, bench.labId() ?? '', requested.number);
          return now.state === 'finished' ? now : null;
        },
        { timeout: 60_000, interval: 50 },
      );
      for (const { check, verdict, points, message } of attempt.results) {
        if (verdict === 'blocked') continue;
        expect(await only(check)).toMatchObject({ verdict, points, message });
      }
      const all = await bench.all(signal);
      expect(all.checks.map((one) => [one.check, one.verdict, one.points])).toEqual(
        attempt.results.map((one) => [one.check, one.verdict, one.points]),
      );
      expect(attempt.results.map(({ verdict }) => verdict)).toEqual(
        solved ? ['pass', 'pass', 'pass'] : ['fail', 'blocked', 'pass'],
      );
    }
  });

  it('says of each expectation what came of it, what was seen, and what threw', async () => {
    const report = await only('there');
    expect(report.expectations).toMatchObject([
      { that: 'books.rows.exists(b, b.title == params.book)', met: false, maxPoints: 6, trouble: null },
      { met: false, maxPoints: 4, trouble: expect.stringContaining('index') },
    ]);
    expect(report.looks).toMatchObject([
      { name: 'books', kind: 'sql', from: 'shared', observation: { outcome: 'seen', value: { rows: [] } } },
    ]);
    expect(report.message).toMatch(/^There is no book [a-z]{12}\.$/);
  });

  it('looks at nothing that another check reads', async () => {
    expect((await only('there')).looks.map(({ name }) => name)).toEqual(['books']);
    expect((await only('2')).looks.map(({ name }) => name).sort()).toEqual(['count', 'other']);
  });

  it('runs its trial on a copy, with other values each time, and leaves none behind', async () => {
    const titles = new Set<unknown>();
    for (let time = 0; time < 2; time += 1) {
      const { verdict, looks } = await only('kept');
      expect([verdict, looks[0]?.from]).toEqual(['pass', 'trial another']);
      const [seen] = looks;
      titles.add(JSON.stringify(seen?.observation.outcome === 'seen' ? seen.observation.value : null));
    }
    expect(titles.size).toBe(2);
    expect((await bench.look('books', signal))[0]?.observation).toMatchObject({ value: { rows: [] } });
    const attempts = await world.runtime.store.listAttempts(bench.labId() ?? '');
    expect(attempts.every(({ state }) => state === 'finished')).toBe(true);
  });

  it('suggests what was probably meant', async () => {
    await expect(bench.check('their', signal)).rejects.toMatchObject({
      code: 'check_not_found',
      message: expect.stringContaining('did you mean "there"?'),
    });
    await expect(bench.check('4', signal)).rejects.toMatchObject({ code: 'check_not_found' });
    await expect(bench.look('bocks', signal)).rejects.toThrow('did you mean "books"?');
  });

  it('looks at one observation, also at a trial’s', async () => {
    expect(await bench.look('alone.count', signal)).toMatchObject([
      { name: 'count', observation: { value: { rows: [{ n: 0 }] } } },
    ]);
    expect(await bench.look('after', signal)).toMatchObject([
      { name: 'after', observation: { outcome: 'seen', value: { rowCount: 1 } } },
    ]);
  });

  it('goes on from what an earlier step saved', async () => {
    const [put, turn] = steps('by-sql');
    if (put === undefined || turn === undefined) throw new Error('two steps');
    expect(await bench.act([turn], false, () => {}, signal)).toBe(false);
    expect(await bench.act([put], false, () => {}, signal)).toBe(true);
    expect(await bench.act([turn], false, () => {}, signal)).toBe(true);
    expect((await only('there')).verdict).toBe('pass');
  });
});

describe('a template that is edited', () => {
  it('is used at once on the lab that is there, as long as the lab is not made of it', async () => {
    const lab = bench.labId();
    expect(await solve()).toBe(true);
    expect((await only('there')).points).toBe(10);
    shelf.replace('pages >= 100', 'pages >= 500');
    await bench.read();
    expect(bench.changed()).toEqual([]);
    expect(await only('there')).toMatchObject({
      verdict: 'fail',
      points: 6,
      message: 'The first book is thin.',
    });
    shelf.replace('$1, 120)', '$1, 600)');
    shelf.replace('set pages = 130', 'set pages = 600');
    await bench.read();
    await bench.reset(signal);
    expect(await solve()).toBe(true);
    expect((await only('there')).verdict).toBe('pass');
    expect(bench.labId()).toBe(lab);
  });

  it('that does not load says so, and is used again when it is mended', async () => {
    shelf.replace('checks:\n', 'checks\n');
    const broken = await bench.read();
    expect(broken.content).toBeNull();
    expect(broken.problems[0]).toMatchObject({ file: 'lab.yaml', line: expect.any(Number) });
    await expect(bench.check('there', signal)).rejects.toMatchObject({ code: 'template_invalid' });
    shelf.replace('checks\n', 'checks:\n');
    expect((await bench.read()).content).not.toBeNull();
    expect((await only('there')).verdict).toBe('pass');
  });

  it('names what the lab is made of and has changed, and makes it anew', async () => {
    const before = bench.labId();
    shelf.save('schema.sql', 'create table books (title text primary key, pages int not null, shelf int);\n');
    shelf.save('workspace/second.txt', 'More.\n');
    shelf.save('README.md', '# Nothing that a lab is made of\n');
    shelf.replace('[a-z]{12}', '[a-z]{14}');
    await bench.read();
    expect(bench.changed()).toEqual(['parameters.book', 'schema.sql', 'workspace/second.txt']);
    // The older lab can still be worked with.
    expect((await only('there')).verdict).toBe('pass');
    await bench.remake(signal);
    expect(bench.changed()).toEqual([]);
    expect(bench.labId()).not.toBe(before);
    expect(await only('there')).toMatchObject({
      verdict: 'fail',
      message: expect.stringMatching(/ [a-z]{14}\./),
    });
    expect((await world.runtime.labs.getLab(caller, before ?? '')).view.status).toBe('ended');
  });

  it('with a seed that does not run leaves no lab, and the next one is made', async () => {
    shelf.save('schema.sql', 'create tabel books ();\n');
    await bench.read();
    await expect(bench.remake(signal)).rejects.toMatchObject({
      code: 'provision_failed',
      message: expect.stringContaining('tabel'),
    });
    expect(bench.labId()).toBeNull();
    await expect(bench.check('there', signal)).rejects.toMatchObject({ code: 'lab_not_ready' });
    shelf.save('schema.sql', 'create table books (title text primary key, pages int not null);\n');
    await bench.read();
    await bench.remake(signal);
    expect((await only('there')).verdict).toBe('fail');
  });

  it('whose lab was not waited for has none, until the next one is made', async () => {
    const stop = new AbortController();
    const making = bench.remake(stop.signal);
    stop.abort();
    await expect(making).rejects.toThrow();
    expect(bench.labId()).toBeNull();
    await expect(bench.all(signal)).rejects.toMatchObject({ code: 'lab_not_ready' });
    await bench.remake(signal);
    expect((await bench.all(signal)).points).toBe(5);
  });

  it('leaves nothing behind', async () => {
    await bench.close(signal);
    expect(await leftoversAfter(world.installation)).toEqual([]);
  });
});
