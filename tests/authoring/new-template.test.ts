import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { filesLike, titleOf } from '../../src/authoring/new-template.ts';
import { createVocabulary } from '../../src/compose/language.ts';
import { projectRoot } from '../../src/config.ts';
import { run } from '../cli/labwright.ts';

vi.setConfig({ testTimeout: 60_000 });

const labs = join(projectRoot, 'lab-templates', 'labs');
const { language } = createVocabulary();

describe('a template that begins with another lab', () => {
  it.each(readdirSync(labs))('loads under its own id and title: %s', async (id) => {
    const files = await filesLike(join(labs, id), 'my-own-lab', 'Mine: a "lab" of $1');
    const bytes = new Map([...files].map(([path, file]) => [path, file.bytes]));
    const { template, problems } = language.parseTemplate(bytes, 'my-own-lab');
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(template).toMatchObject({ id: 'my-own-lab', title: 'Mine: a "lab" of $1' });
  });

  it('is refused a name that is no id', async () => {
    await expect(filesLike(join(labs, 'dm-kpis'), '../mine', 'Mine')).rejects.toMatchObject({
      code: 'validation_failed',
    });
  });

  it('is called what its id says', () => {
    expect(titleOf('first-ticket')).toBe('First ticket');
  });
});

describe('labwright template new', () => {
  let root: string;

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'labwright-new-'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const make = (...args: readonly string[]) => run(['template', 'new', ...args, '--templates-dir', root]);

  it('writes a folder, and says how one goes on', async () => {
    const { code, stdout } = await make('first-ticket');
    expect(code).toBe(0);
    for (const next of ['template dev', 'template test', 'try']) {
      expect(stdout).toContain(`labwright ${next} ${join(root, 'first-ticket')}`);
    }
    expect(statSync(join(root, 'first-ticket/workspace/token.sh')).mode & 0o111).not.toBe(0);
    const [first = ''] = readFileSync(join(root, 'first-ticket/lab.yaml'), 'utf8').split('\n');
    const [, schema = ''] = /\$schema=(.*)$/.exec(first) ?? [];
    expect(existsSync(resolve(root, 'first-ticket', schema))).toBe(true);
    expect(basename(schema)).toBe('lab-template.schema.json');
    expect((await make('first-ticket')).stderr).toContain('is there already');
  });

  it('begins with a lab that is named, and suggests one that was meant', async () => {
    expect((await make('figures', '--from', 'dm-kpis')).code).toBe(0);
    const lint = await run(['template', 'lint', join(root, 'figures')]);
    expect([lint.code, lint.stdout]).toEqual([0, expect.stringContaining('0 errors')]);
    const unknown = await make('other', '--from', 'dm-kpi');
    expect([unknown.code, unknown.stderr]).toEqual([4, expect.stringContaining('did you mean "dm-kpis"?')]);
    expect(existsSync(join(root, 'other'))).toBe(false);
    expect((await make()).code).toBe(2);
  });

  it('lists the labs to begin with', async () => {
    const { stdout } = await run(['template', 'new', '--list', '--json']);
    const { items } = JSON.parse(stdout) as { items: { id: string }[] };
    expect(items.map(({ id }) => id)).toEqual(readdirSync(labs).sort());
  });
});
