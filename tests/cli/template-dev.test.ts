/** `labwright template dev` as an author uses it: typed lines, saves, Ctrl-C. */
import { cpSync, rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeShelf, type Shelf } from '../authoring/shelf.ts';
import { eventually } from '../e2e/support.ts';
import { makeDataFolder, processesOf, removeDataFolder, run, type Started, start } from './labwright.ts';

vi.setConfig({ testTimeout: 240_000 });

let data: string;
let shelf: Shelf;
const opened: Started[] = [];

beforeAll(() => {
  data = makeDataFolder();
});
beforeEach(() => {
  shelf = makeShelf();
});
afterEach(() => {
  for (const { child } of opened.splice(0)) child.kill('SIGKILL');
  shelf.remove();
});
afterAll(() => removeDataFolder(data));

/** A session that is typed into and waits for what it says. */
function open(...options: readonly string[]) {
  const session: Started = start(['template', 'dev', shelf.folder, '--data-dir', data, ...options]);
  opened.push(session);
  let read = 0;
  return {
    ...session,
    type: (line: string) => void session.child.stdin?.write(`${line}\n`),
    /** Waits for a line with this text after the line of the last wait; gives what was printed from there to here. */
    async says(text: string | RegExp): Promise<string> {
      const end = () => {
        const rest = session.stdout().slice(read);
        const at = typeof text === 'string' ? rest.indexOf(text) : rest.search(text);
        return at < 0 ? -1 : rest.indexOf('\n', at);
      };
      await eventually(
        () => end() >= 0 || session.child.exitCode !== null,
        () => `${text} in\n${session.stdout()}\n${session.stderr()}`,
        60_000,
      );
      if (end() < 0) throw new Error(`it ended without ${text}:\n${session.stdout()}\n${session.stderr()}`);
      const said = session.stdout().slice(read, read + end() + 1);
      read += said.length;
      return said;
    },
    /** The lab that was made last. */
    lab: () => [...session.stderr().matchAll(/Lab (\S+) is ready/g)].at(-1)?.[1],
  };
}

describe('a session', () => {
  it('tries what was saved on the lab that is there, and makes it anew when asked', async () => {
    const session = open();
    await session.says('A check by its id or number');
    const lab = session.lab();
    session.type('1');
    const failed = await session.says('books sql, shared');
    expect(failed).toContain('✗ fail there  0/10 points');
    expect(failed).toContain('✗ 0/6  books.rows.exists(b, b.title == params.book)');
    expect(failed).toMatch(/the learner sees: There is no book [a-z]{12}\./);

    session.type('solve');
    await session.says('✓ turn');
    session.type('there');
    await session.says('✓ pass there  10/10 points');

    shelf.replace('pages >= 100', 'pages >= 500');
    await session.says('✓ saved, it loads');
    session.type('');
    expect(await session.says('✗ fail there')).toContain('6/10 points');

    shelf.replace('checks:\n', 'checks\n');
    expect(await session.says(/✗ lab\.yaml:\d+:\d+ /)).not.toContain('it loads');
    session.type('there');
    await session.says('The template does not load now');
    shelf.replace('checks\n', 'checks:\n');
    await session.says('✓ mended, it loads again');

    session.type('their');
    await session.says('did you mean "there"?');
    session.type('wrong wrote-another');
    await session.says('✓ Exactly the checks fell that should.');

    shelf.save('schema.sql', 'create tabel books;\n');
    await session.says('The lab is made of what has changed: schema.sql.');
    session.type('r');
    await session.says(/never got ready: .*schema\.sql:1/);
    shelf.save('schema.sql', 'create table books (title text primary key, pages int not null);\n');
    await session.says('✓ saved, it loads');
    session.type('all');
    await session.says('5 of 20 points');
    expect(session.lab()).not.toBe(lab);

    const aside = `${shelf.folder}-aside`;
    cpSync(shelf.folder, aside, { recursive: true });
    rmSync(shelf.folder, { recursive: true });
    await session.says('There is no folder');
    cpSync(aside, shelf.folder, { recursive: true, preserveTimestamps: true });
    rmSync(aside, { recursive: true });
    await session.says('✓ mended');
    shelf.replace('pages >= 500', 'pages >= 100');
    await session.says('✓ saved, it loads');

    session.type('q');
    const { code, stderr } = await session.ended;
    expect([code, stderr.includes('could not be closed')]).toEqual([0, false]);
    expect(processesOf(data)).toEqual([]);
  });

  it('waits for a template that does not load yet, and has nothing left when its input ends', async () => {
    shelf.replace('points: 10', 'pionts: 10');
    const session = open('--solve');
    await session.says('did you mean "points"?');
    await session.says('Mend it and save');
    shelf.replace('pionts: 10', 'points: 10');
    await session.says('✓ turn');
    session.child.stdin?.end('all\n');
    expect((await session.ended).stdout).toContain('20 of 20 points');
    expect(processesOf(data)).toEqual([]);
  });

  it('grades a check at every save, on a lab that is fresh when it must be', async () => {
    const session = open('--watch', 'there', '--solve', '--fresh');
    await session.says('✓ pass there');
    const lab = session.lab();
    shelf.replace('The first book is thin.', 'Thin.');
    await session.says('✓ pass there');
    expect(session.lab()).toBe(lab);
    shelf.save('workspace/note.txt', 'Books go flat.\n');
    await session.says('Changed: workspace/note.txt');
    await session.says('✗ fail there');
    expect(session.lab()).not.toBe(lab);
    session.child.kill('SIGINT');
    expect((await session.ended).code).toBe(130);
    expect(processesOf(data)).toEqual([]);
  });
});

describe('one check without a prompt', () => {
  const once = (...options: readonly string[]) =>
    run(['template', 'dev', shelf.folder, '--data-dir', data, ...options]);

  it('is printed, and its verdict is the exit code', async () => {
    const passed = await once('--once', 'kept', '--json');
    expect([passed.code, passed.stderr]).toEqual([0, '']);
    expect(JSON.parse(passed.stdout)).toMatchObject({
      checks: [
        {
          check: 'kept',
          verdict: 'pass',
          expectations: [{ met: true, points: 5 }],
          looks: [{ name: 'after', from: 'trial another', outcome: 'seen', value: { rowCount: 1 } }],
        },
      ],
    });
    const solved = await once('--once', 'all', '--solve');
    expect([solved.code, solved.stdout]).toEqual([0, expect.stringContaining('20 of 20 points')]);
    const unsolved = await once('--once', 'there');
    expect([unsolved.code, unsolved.stdout]).toEqual([1, expect.stringContaining('✗ fail there')]);
    expect(processesOf(data)).toEqual([]);
  });

  it('is refused before anything is started when there is no such check, or the template does not load', async () => {
    const unknown = await once('--once', 'their');
    expect([unknown.code, unknown.stderr]).toEqual([4, expect.stringContaining('did you mean "there"?')]);
    shelf.replace('checks:\n', 'checks\n');
    const broken = await once('--once', 'there');
    expect([broken.code, broken.stderr]).toEqual([
      1,
      expect.stringMatching(/does not load:\s+lab\.yaml:\d+/),
    ]);
    shelf.replace('checks\n', 'checks:\n');
    const absent = await run(['template', 'dev', 'shelv', '--templates-dir', shelf.root]);
    expect([absent.code, absent.stderr]).toEqual([4, expect.stringContaining('did you mean "shelf"?')]);
    const talking = await run(['template', 'dev', shelf.folder, '--json']);
    expect(talking.code).toBe(2);
  });
});
