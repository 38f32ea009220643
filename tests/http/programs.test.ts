import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { result, sampleVersion } from './sample-version.ts';
import { client, startWorld, type World } from './world.ts';

let world: World;
let folder: string;
let teacher: ReturnType<typeof client>;

const program = `
labwright-program: 1
id: basics
title: The basics
hours: 4
pass: 80
rubrics:
  talk: { criteria: [{ id: clear, points: 60, text: Clear }, { id: right, points: 40, text: Right }] }
sessions:
  - id: 1
    hours: 4
    attendance: required
    modules: [first-steps]
    assessment:
      - { id: lab, weight: 50, labs: modules }
      - { id: open, weight: 20, checks: { first-steps: [open] } }
      - { id: talk, weight: 20, rubric: talk }
      - { id: quiz, weight: 10, quiz: q1 }
certificate:
  components: { all: { weight: 100, of: session 1 } }
  requires: [{ attendance: 4h }, { eachAssessment: 80 }, { attested: [met-the-team] }]
  valid: 1 year
`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'labwright-programs-'));
  writeFileSync(join(folder, 'basics.yaml'), program);
  writeFileSync(join(folder, 'broken.yaml'), 'labwright-program: 1\nid: broken\ntitel: x\n');
  const names = ['open', 'title-only', 'after-submit'];
  world = await startWorld({ versions: [sampleVersion()], programsDir: folder });
  expect(sampleVersion().template.checks.map((check) => check.id)).toEqual(names);
  teacher = client(world.app, await world.token('instructor', 'teacher'));
});
afterAll(async () => {
  await world.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function trainee(name: string) {
  return client(world.app, await world.token('trainee', name));
}

/** A lab that is handed in with so many points at its first check of 10; the others are full. */
async function handIn(who: ReturnType<typeof client>, open: number, final = true) {
  const { json: lab } = await who('POST', '/labs', { template: 'first-steps' });
  await world.makeReady(lab.id, { email: 'x@example.org', key: 'k' });
  await who('POST', `/labs/${lab.id}/attempts`, { final });
  await world.grade(lab.id, [
    result('open', open === 10 ? 'pass' : 'fail', open, 10),
    result('title-only', 'pass', 5, 5),
    result('after-submit', 'pass', 7, 7),
  ]);
  return lab.id as string;
}

async function store(...facts: object[]) {
  return teacher('POST', '/programs/basics/facts', { facts });
}

async function progress(name: string) {
  const { status, json } = await teacher('GET', `/programs/basics/progress?trainee=${name}`);
  expect(status).toBe(200);
  return json.items[0];
}

describe('programs', () => {
  it('are listed; what does not load is told to instructors with its place', async () => {
    const { json } = await teacher('GET', '/programs');
    expect(json.items.map((one: { id: string }) => one.id)).toEqual(['basics']);
    expect(json.problems).toMatchObject([{ file: 'broken.yaml' }]);
    expect(json.problems[0].problems).toContainEqual(
      'broken.yaml:3:1 unknown key "titel" in the file; did you mean "title"?',
    );
    const who = await trainee('nosy');
    expect((await who('GET', '/programs')).json.problems).toEqual([]);
    expect((await who('GET', '/programs/basic')).json).toMatchObject({
      code: 'program_not_found',
      suggestion: 'basics',
    });
    expect((await who('GET', '/programs/broken')).json.code).toBe('template_invalid');
    expect((await who('GET', '/programs/basics')).json.sessions[0].assessments).toHaveLength(4);
  });
});

describe('progress', () => {
  it('grows from hand-ins and facts until the certificate is earned', async () => {
    const who = await trainee('ann');
    const before = await progress('ann');
    expect(before.sessions[0]).toMatchObject({ percent: null, passed: false });
    expect(before.sessions[0].missing).toContain('attended 0 of 4 h');
    expect(before.sessions[0].missing).toContain('lab: first-steps has not been handed in');

    const lab = await handIn(who, 4);
    const low = await progress('ann');
    expect(low.sessions[0].assessments).toMatchObject([
      { id: 'lab', percent: 72.72, passed: false },
      { id: 'open', percent: 40, passed: false },
      { id: 'talk', percent: null },
      { id: 'quiz', percent: null },
    ]);
    expect(low.sessions[0].modules[0]).toMatchObject({ open: lab, available: true });

    // An instructor's word counts here as it does in the lab.
    await teacher('PUT', `/labs/${lab}/attempts/1/overrides/open`, {
      verdict: 'pass',
      points: 9,
      reason: 'Fine.',
    });
    const stored = await store(
      { trainee: 'ann', kind: 'attendance', item: '1', hours: 4 },
      { trainee: 'ann', kind: 'mark', item: '1/talk', marks: { clear: 'full', right: 'half' } },
      { trainee: 'ann', kind: 'quiz', item: 'q1', percent: 79.999 },
    );
    expect(stored.status).toBe(201);
    expect(stored.json.items[1]).toMatchObject({ percent: 80, by: 'teacher', withdrawn: false });
    const nearly = await progress('ann');
    expect(nearly.sessions[0].assessments).toMatchObject([
      { percent: 95.45, passed: true },
      { percent: 90, passed: true },
      { percent: 80, passed: true },
      { percent: 79.99, passed: false },
    ]);
    expect(nearly.sessions[0]).toMatchObject({ percent: 89.72, passed: false });
    expect(nearly.certificate.gates.map((gate: { met: boolean }) => gate.met)).toEqual([true, false, false]);

    await store(
      { trainee: 'ann', kind: 'quiz', item: 'q1', percent: 80 },
      { trainee: 'ann', kind: 'attestation', item: 'met-the-team' },
    );
    const { certificate } = await progress('ann');
    expect(certificate).toMatchObject({ state: 'valid', renewedAt: null });
    expect(new Date(certificate.until).getTime()).toBeGreaterThan(Date.now() + 360 * 86_400_000);
    // What she sees herself is the same.
    expect((await who('GET', '/programs/basics/progress')).json.items[0].certificate.state).toBe('valid');
  });

  it('counts hand-ins only, and shows a trainee nobody else', async () => {
    const who = await trainee('bob');
    await handIn(who, 10, false);
    expect((await progress('bob')).sessions[0].percent).toBeNull();
    const others = await who('GET', '/programs/basics/progress?trainee=ann');
    expect(others.json.code).toBe('forbidden');
    expect((await who('GET', '/programs/basics/facts?trainee=ann')).json.code).toBe('forbidden');
    expect((await who('GET', '/programs/basics/export')).json.code).toBe('forbidden');
    const fact = { trainee: 'bob', kind: 'attendance', item: '1', hours: 4 };
    expect((await who('POST', '/programs/basics/facts', { facts: [fact] })).json.code).toBe('forbidden');
    const own = (await who('GET', '/programs/basics/progress')).json;
    expect(own.items.map((one: { trainee: string }) => one.trainee)).toEqual(['bob']);
  });

  it('counts a regrade that was applied, until it is undone', async () => {
    const who = await trainee('rea');
    const lab = await handIn(who, 4);
    const { rows } = await world.pool.query('select id, template_hash from attempts where lab_id = $1', [
      lab,
    ]);
    const [attempt] = rows;
    const id = `regrade-${randomBytes(4).toString('hex')}`;
    const layer = [
      { ...result('open', 'pass', 10, 10) },
      { ...result('title-only', 'pass', 5, 5) },
      { ...result('after-submit', 'pass', 7, 7) },
    ];
    await world.pool.query(
      `insert into regrades (id, state, template_id, to_hash, finals, asked_by, turn)
       values ($1, 'applied', 'first-steps', $2, true, 'teacher', nextval('regrade_turns'))`,
      [id, attempt.template_hash],
    );
    await world.pool.query(
      `insert into regrade_results (regrade_id, attempt_id, lab_id, number, final, changed, points, points_before,
         max_points, penalty, results, own, kept, detail, detail_address)
       values ($1, $2, $3, 1, true, true, 22, 16, 22, 0, $4, '[]', '[]', '', '')`,
      [id, attempt.id, lab, JSON.stringify(layer)],
    );
    expect((await progress('rea')).sessions[0].assessments[0].percent).toBe(100);
    await world.pool.query("update regrades set state = 'undone' where id = $1", [id]);
    expect((await progress('rea')).sessions[0].assessments[0].percent).toBe(72.72);
  });

  it('gives everybody page by page, by name', async () => {
    await store(...['page-c', 'page-a', 'page-b'].map((name) => attended(name)));
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { json } = await teacher('GET', `/programs/basics/progress?limit=2${query}`);
      expect(json.items.length).toBeLessThanOrEqual(2);
      seen.push(...json.items.map((one: { trainee: string }) => one.trainee));
      cursor = json.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual([...new Set(seen)].sort());
    expect(seen).toEqual(expect.arrayContaining(['ann', 'bob', 'page-a', 'page-b', 'page-c']));
    expect((await teacher('GET', '/programs/basics/progress?cursor=!')).status).toBe(422);
  });
});

const attended = (name: string) => ({
  trainee: name,
  kind: 'attendance',
  item: '1',
  hours: 4,
  on: '2026-01-05',
});

describe('facts', () => {
  it('are never overwritten: a newer one about the same day holds, and both are there to read', async () => {
    await store(attended('cy'));
    await store({ ...attended('cy'), hours: 3 });
    expect((await progress('cy')).attendance.hours).toBe(3);
    const { hours: _, ...same } = attended('cy');
    await store({ ...same, withdrawn: true, comment: 'Another person.' });
    expect((await progress('cy')).attendance.hours).toBe(0);
    const { json } = await teacher('GET', '/programs/basics/facts?trainee=cy');
    expect(json.items).toMatchObject([
      { withdrawn: true, hours: null },
      { hours: 3, on: '2026-01-05' },
      { hours: 4 },
    ]);
    for (const change of ['update program_facts set hours = 4', 'delete from program_facts']) {
      await expect(world.pool.query(change)).rejects.toThrow('append-only');
    }
  });

  it('are stored all or none, and refused by field', async () => {
    const good = attended('dee');
    const refused: readonly (readonly [object, string, string])[] = [
      [{ ...good, item: '2' }, 'facts.1.item', '1'],
      [{ ...good, item: 'renewal' }, 'facts.1.item', '1'],
      [{ ...good, hours: 25 }, 'facts.1.hours', 'hours from 0 to 24'],
      [{ ...good, hours: undefined }, 'facts.1.hours', 'hours from 0 to 24'],
      [{ ...good, percent: 4 }, 'facts.1.percent', 'nothing: of a fact of kind attendance'],
      [{ ...good, on: '2026-02-30' }, 'facts.1.on', ''],
      [{ ...good, on: '2999-01-01' }, 'facts.1.on', ''],
      [
        { trainee: 'dee', kind: 'quiz', item: 'q1', percent: 101 },
        'facts.1.percent',
        'a percentage from 0 to 100',
      ],
      [{ trainee: 'dee', kind: 'mark', item: '1/tlak', percent: 9 }, 'facts.1.item', '1/talk'],
      [{ trainee: 'dee', kind: 'mark', item: '1/talk' }, 'facts.1.percent', 'percent or marks'],
      [
        { trainee: 'dee', kind: 'mark', item: '1/talk', marks: { clear: 'full' } },
        'facts.1.marks.right',
        'full, half, none',
      ],
      [
        {
          trainee: 'dee',
          kind: 'mark',
          item: '1/talk',
          marks: { clear: 'full', right: 'full', wit: 'full' },
        },
        'facts.1.marks',
        'the criteria clear, right',
      ],
      [
        { trainee: 'dee', kind: 'waiver', item: 'lab:first-steps' },
        'facts.1.comment',
        'the reason for the waiver',
      ],
      [{ trainee: 'dee', kind: 'attestation', item: 'met-the-tema' }, 'facts.1.item', 'met-the-team'],
    ];
    for (const [fact, field, allowed] of refused) {
      const { status, json } = await store(good, fact);
      expect({ fact, status, field: json.errors?.[0]?.field }).toEqual({ fact, status: 422, field });
      expect(json.errors[0].allowed).toContain(allowed);
    }
    expect((await teacher('GET', '/programs/basics/facts?trainee=dee')).json.items).toEqual([]);
  });

  it('are audited', async () => {
    await store(attended('eve'));
    const { rows } = await world.pool.query(
      "select actor, action, target from audit_log where action = 'program.fact' order by id desc limit 1",
    );
    expect(rows).toEqual([{ actor: 'teacher', action: 'program.fact', target: 'basics' }]);
  });
});

describe('an export', () => {
  it('is a table with one row a trainee, in which nothing is a formula', async () => {
    const evil = [
      '=cmd|A1',
      '+1+1',
      '-2+3',
      '@sum(a1)',
      'semi;colon',
      'quo"te',
      'comma,name',
      "O'Hara",
      '名前',
    ];
    await store(...evil.map((name) => attended(name)));
    const { text, headers, status } = await teacher('GET', '/programs/basics/export');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(headers['content-disposition']).toBe('attachment; filename="basics.csv"');
    const [head = [], ...rows] = readCsv(text);
    expect(head).toEqual([
      'trainee',
      'attended_hours',
      'session_1_attended_hours',
      'session_1_lab',
      'session_1_open',
      'session_1_talk',
      'session_1_quiz',
      'session_1_percent',
      'session_1_passed',
      'certificate_all',
      'certificate_percent',
      'gate_1_attendance',
      'gate_2_eachAssessment',
      'gate_3_attested',
      'certificate_state',
      'earned_on',
      'renewed_on',
      'valid_until',
    ]);
    const names = rows.map((row) => row[0] ?? '');
    for (const name of evil) expect(names).toContain(/^[=+\-@]/.test(name) ? `'${name}` : name);
    for (const cell of rows.flat()) expect(cell).not.toMatch(/^[=+\-@\t\r]/);
    expect(rows.every((row) => row.length === head.length)).toBe(true);
    const row = rows[names.indexOf('=cmd|A1') === -1 ? names.indexOf("'=cmd|A1") : 0] ?? [];
    expect(row.slice(1, 3)).toEqual(['4', '4']);
  });

  it('is the same in JSON as what progress says', async () => {
    const { json, headers } = await teacher('GET', '/programs/basics/export?format=json');
    expect(headers['content-type']).toContain('application/json');
    const all = (await teacher('GET', '/programs/basics/progress?limit=200')).json.items;
    expect(json).toEqual(all);
    expect((await teacher('GET', '/programs/basics/export?format=xml')).json.errors[0].allowed).toBe(
      '"csv", "json"',
    );
  });

  it('holds everybody, however many batches they fill', async () => {
    const many = Array.from({ length: 250 }, (_, at) => attended(`many-${String(at).padStart(3, '0')}`));
    expect((await store(...many)).status).toBe(201);
    const names = readCsv((await teacher('GET', '/programs/basics/export')).text).map((row) => row[0]);
    expect(names.filter((name) => name?.startsWith('many-'))).toHaveLength(250);
    expect(new Set(names).size).toBe(names.length);
  });
});

/** RFC 4180, as a spreadsheet reads it. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g)) {
    if (end === '' && row.length === 0 && (plain ?? '') === '') break;
    row.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
