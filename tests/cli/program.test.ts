import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDataFolder, removeDataFolder, run, startServer } from './labwright.ts';

const onboarding = 'dotmac-onboarding';
let folder: string;
let server: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  folder = makeDataFolder();
  server = await startServer(folder);
});
afterAll(async () => {
  server.child.kill('SIGTERM');
  await server.ended;
  removeDataFolder(folder);
});

/** As the instructor whose token is saved in the data folder. */
async function program(...args: string[]) {
  const local = args[0] === 'lint' || args[0] === 'schema';
  return run(['program', ...args, ...(local ? [] : ['--data-dir', folder])]);
}

const json = async (...args: string[]) => JSON.parse((await program(...args, '--json')).stdout);

describe('labwright program', { timeout: 240_000 }, () => {
  it('lists and shows what can be learned here', async () => {
    const { stdout, code } = await program('list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/dotmac-onboarding .* 3 +20 +5 /);
    expect(stdout).toMatch(/thorbis-technical-specialist .* \d+ of 34/);
    const shown = (await program('show', 'thorbis-technical-specialist')).stdout;
    expect(shown).toContain('th-2-4-ha (planned)');
    expect(shown).toContain('(2/recovery-procedure; by rubric, of th-2-4-ha/recovery.md; passes with 85 %)');
    expect(shown).toContain('Reviewed every 3 months; next: 2025-04-30 (overdue)');
    const unknown = await program('show', 'dotmac-onbording');
    expect(unknown).toMatchObject({ code: 4 });
    expect(unknown.stderr).toContain('Did you mean "dotmac-onboarding"?');
  });

  it('stores facts, shows progress by them, and says what is missing', async () => {
    const stored = await program(
      'fact',
      onboarding,
      'ann',
      'attendance',
      'day-1',
      '4h',
      '--on',
      '2026-01-05',
    );
    expect(stored).toMatchObject({ code: 0, stdout: 'Stored 1 fact.\n' });
    const waiver = ['fact', onboarding, 'ann', 'waiver', 'assessment:days-2-3/api', '--on', '2026-01-06'];
    const without = await program(...waiver);
    expect(without.code).toBe(2);
    expect(without.stderr).toContain('facts.0.comment: found nothing; allowed is the reason for the waiver');
    await program(...waiver, '--comment', 'Wrote it.');

    const { items } = await json('progress', onboarding, 'ann');
    expect(items[0]).toMatchObject({ trainee: 'ann', attendance: { hours: 4, of: 20 } });
    expect(items[0].sessions[1].assessments[0]).toMatchObject({
      percent: 80,
      passed: true,
      waived: 'Wrote it.',
    });
    const { stdout } = await program('progress', onboarding, 'ann');
    expect(stdout).toContain('✓ API exploration  80 %  waived: Wrote it.');
    expect(stdout).toContain('next: labwright lab create dm-setup');
    expect(stdout).toContain('✓ 4 h attended');
    expect(stdout).toContain('security-and-compliance-training is not attested yet');
    expect((await program('fact', onboarding, 'ann')).stdout).toMatch(
      /2026-01-05 +ann +attendance +day-1 +4 h/,
    );
  });

  it('takes facts from a spreadsheet, whose rows it names', async () => {
    const file = join(folder, 'facts.csv');
    const lines = [
      'kind,trainee,item,value,on,comment',
      'attendance,"=evil()",day-1,4h,2026-01-05,',
      'attestation,bea,met-the-team,,2026-01-07,"at lunch, with all"',
      'attendance,bea,day-1,3.5,2026-01-05,',
    ];
    writeFileSync(file, `\uFEFF${lines.join('\r\n')}\r\n`);
    expect(await program('fact', onboarding, '--csv', file)).toMatchObject({
      code: 0,
      stdout: 'Stored 3 facts.\n',
    });
    // Twice is once.
    expect((await program('fact', onboarding, '--csv', file)).code).toBe(0);
    expect((await json('progress', onboarding, 'bea')).items[0].attendance.hours).toBe(3.5);

    writeFileSync(file, 'trainee,kind,item,value\nbea,attendance,day-1,4\nbea,attendance,day-1,many\n');
    expect((await program('fact', onboarding, '--csv', file)).stderr).toContain(
      'row 3: "many": expected hours such as 4',
    );
    writeFileSync(file, 'trainee,sort,item\nbea,attendance,day-1\n');
    expect((await program('fact', onboarding, '--csv', file)).stderr).toContain(
      'found the columns trainee, sort, item',
    );
  });

  it('exports everybody, with nothing that a spreadsheet would compute', async () => {
    const out = join(folder, 'out.csv');
    expect((await program('export', onboarding, '--output', out)).code).toBe(0);
    const rows = readFileSync(out, 'utf8').trimEnd().split('\n');
    expect(rows[0]).toMatch(
      /^trainee,attended_hours,level,session_day-1_attended_hours,session_day-1_setup,/,
    );
    expect(rows.slice(1).map((row) => row.split(',')[0])).toEqual(["'=evil()", 'ann', 'bea']);
    const printed = await program('export', onboarding);
    expect(printed.stdout.trimEnd().split('\n')).toEqual(rows);
    const all = await json('export', onboarding);
    expect(all.map((one: { trainee: string }) => one.trainee)).toEqual(['=evil()', 'ann', 'bea']);
  });

  it('lets a trainee see only their own', async () => {
    const as = ['--token', server.ready.tokens.trainee, '--url', server.ready.url];
    const others = await run(['program', 'progress', onboarding, 'ann', ...as]);
    expect(others).toMatchObject({ code: 5 });
    expect(others.stderr).toContain('only an instructor may see the progress of others');
    expect((await run(['program', 'export', onboarding, ...as])).code).toBe(5);
    const own = await run(['program', 'progress', onboarding, '--json', ...as]);
    expect(JSON.parse(own.stdout).items).toHaveLength(1);
  });

  it('lints programs by id and by file, and says where they are wrong', async () => {
    expect(await program('lint', onboarding)).toMatchObject({ code: 0 });
    const file = join(folder, 'mine.yaml');
    writeFileSync(
      file,
      'labwright-program: 1\nid: mine\ntitle: Mine\nhours: 0\nsessions:\n  - { id: 1, modules: [dm-setpu], assessment: [{ id: a, weight: 90, labs: modules }] }\n',
    );
    const { code, stdout } = await program('lint', file);
    expect(code).toBe(1);
    expect(stdout).toContain('mine.yaml:6:24 error there is no lab "dm-setpu"; did you mean "dm-setup"?');
    expect(stdout).toContain('mine.yaml:6:47 error the only weight is 90; weights must add up to 100');
    expect(stdout).toContain('1 program, 2 errors, 0 warnings');
    expect((await program('lint', '--strict')).code).toBe(1);
    expect((await program('lint', 'nothing')).code).toBe(4);
    expect(JSON.parse((await program('schema')).stdout).title).toBe('Labwright program');
  });
});
