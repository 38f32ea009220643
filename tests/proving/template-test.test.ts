/** `labwright template test` as its users run it: interrupted, gone on with, recorded, and what it writes. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVocabulary } from '../../src/compose/language.ts';
import { openTemplates } from '../../src/compose/templates.ts';
import { projectRoot } from '../../src/config.ts';
import { platformHash } from '../../src/proving/platform.ts';
import { openProofRecords } from '../../src/proving/records.ts';
import { makeDataFolder, processesOf, removeDataFolder, run, start } from '../cli/labwright.ts';

describe('the proof of a template', { timeout: 120_000 }, () => {
  let folder: string;
  let templates: string;
  let town: string;
  const prove = (...args: string[]) => ['template', 'test', ...args, '--data-dir', folder];
  const at = (name: string) => join(folder, name);

  beforeAll(() => {
    folder = makeDataFolder();
    templates = at('templates');
    town = join(templates, 'base');
    mkdirSync(templates);
    cpSync(join(projectRoot, 'tests', 'templates-bad', 'base'), town, { recursive: true });
  });
  afterAll(() => removeDataFolder(folder));

  it('ends cleanly when it is interrupted, and says what was done', async () => {
    const { child, ended, stderr } = start(prove(town));
    while (!/base on process: [1-9] of/.test(stderr()) && child.exitCode === null) await delay(10);
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect(stdout).toContain('base is not proved on process: interrupted');
    expect(stdout).toContain('1 template: 1 interrupted');
    expect(code).toBe(130);
    expect(processesOf(folder)).toEqual([]);
  });

  it('goes on where it was, and writes reports and a record', async () => {
    const files = ['--junit', at('out/proof.xml'), '--json', at('out/proof.json'), '--github'];
    const records = ['--records', at('records'), '--write-records'];
    const ended = await run(prove(town, ...files, ...records), { GITHUB_STEP_SUMMARY: at('summary.md') });
    expect(ended.stderr).not.toContain('✗');
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('base is proved on process: 10 runs');
    expect(ended.stdout).toMatch(/ done before$/m);
    const { ok, templates: proofs } = JSON.parse(readFileSync(at('out/proof.json'), 'utf8'));
    expect([ok, proofs[0].outcome]).toEqual([true, 'proved']);
    const resumed = proofs[0].runs.filter((one: { resumed: boolean }) => one.resumed).length;
    expect(resumed).toBeGreaterThan(0);
    expect(resumed).toBeLessThan(proofs[0].runs.length);
    expect(readFileSync(at('out/proof.xml'), 'utf8')).toContain('base on process');
    expect(readFileSync(at('summary.md'), 'utf8')).toContain('base');
    expect(processesOf(folder)).toEqual([]);
  });

  it('does not run again what is recorded, but on its day, and begins anew once something has changed', async () => {
    const version = await openTemplates(templates, createVocabulary().language).load('base');
    if (version === null) throw new Error('the template does not load');
    const due = (day: number) =>
      openProofRecords(at('records'), (one) => platformHash(projectRoot, one), day).isDue(version, 'process');
    expect([0, 1, 2, 3, 4].filter(due)).toHaveLength(1);
    if (!due(Math.floor(Date.now() / 86_400_000))) {
      const ended = await run(prove(town, '--records', at('records')));
      expect([ended.code, ended.stdout]).toEqual([
        0,
        expect.stringContaining('base was proved before as it is'),
      ]);
    }
    const text = readFileSync(join(town, 'lab.yaml'), 'utf8');
    writeFileSync(
      join(town, 'lab.yaml'),
      text.replace('set people = $1 where id = 1', 'set people = 7 where id = 1'),
    );
    const only = ['--only', 'by-sql', '--records', at('records')];
    const ended = await run(prove(town, ...only));
    expect(ended.code).toBe(1);
    expect(ended.stdout).toContain('not-solved in by-sql of counted: fail, 0 of 6 points');
    expect(ended.stdout).toMatch(/lab\.yaml:\d+/);
    expect(ended.stdout).toContain('→ Mend the solution, or the check that does not see it.');
    expect(ended.stdout).not.toContain('never-felled');
  });

  it('tells at once what cannot be proved, and why', async () => {
    const unknown = await run(prove('dm-setpu'));
    expect([unknown.code, unknown.stderr]).toEqual([4, expect.stringContaining('"dm-setup"')]);
    const typo = await run(prove(town, '--backend', 'process,dokcer'));
    expect([typo.code, typo.stderr]).toEqual([2, expect.stringContaining('"docker"')]);
    const unnamed = await run(prove(town, '--backend', 'docker'));
    expect([unnamed.code, unnamed.stdout]).toEqual([
      3,
      expect.stringContaining('base is not proved on docker: the template names process only'),
    ]);
    const often = await run(prove(town, '--runs', 'many'));
    expect([often.code, often.stderr]).toEqual([2, expect.stringContaining('--runs: found "many"')]);
    const none = await run(prove(town, '--only', 'by-sqll'));
    expect([none.code, none.stderr]).toEqual([4, expect.stringContaining('"by-sql"')]);
    writeFileSync(join(town, 'lab.yaml'), 'labwright: 1\n');
    const broken = await run(prove(town, '--json'));
    expect(broken.code).toBe(1);
    expect(JSON.parse(broken.stdout).templates[0]).toMatchObject({ outcome: 'refused', runs: [] });
  });
});
