/** The GitHub Action of this repository, as a runner would run it. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { projectRoot } from '../../src/config.ts';
import { makeDataFolder, processesOf, removeDataFolder } from '../cli/labwright.ts';

const action = join(projectRoot, '.github', 'actions', 'template-test');
let folder: string;

beforeAll(() => {
  folder = makeDataFolder();
  mkdirSync(join(folder, 'labs'));
  for (const name of ['base', 'unknown-name']) {
    cpSync(join(projectRoot, 'tests', 'templates-bad', name), join(folder, 'labs', name), {
      recursive: true,
    });
  }
});
afterAll(() => removeDataFolder(folder));

function prove(templates: string) {
  const { PATH = '', HOME = '' } = process.env;
  return spawnSync(join(action, 'prove.sh'), {
    cwd: folder,
    encoding: 'utf8',
    env: {
      PATH,
      HOME,
      DATA_DIR: folder,
      TEMPLATES: templates,
      REPORTS: 'out',
      GITHUB_OUTPUT: join(folder, 'output'),
      GITHUB_STEP_SUMMARY: join(folder, 'summary.md'),
    },
  });
}

it('hands every input to the script through the environment', () => {
  const { inputs, runs } = parse(readFileSync(join(action, 'action.yml'), 'utf8'));
  const step = runs.steps.find(({ id }: { id?: string }) => id === 'prove');
  const given = Object.values(step.env as Record<string, string>).map(
    (text) => /inputs\.(\w+)/.exec(text)?.[1],
  );
  expect(given.sort()).toEqual(Object.keys(inputs).sort());
  expect(step.run).not.toContain('${{');
});

it('proves what is good, and tells where the reports are', { timeout: 180_000 }, () => {
  const { status, stdout } = prove('labs/base');
  expect(stdout).toContain('1 template: 1 proved');
  expect(status).toBe(0);
  const output = readFileSync(join(folder, 'output'), 'utf8');
  expect(output).toBe('junit=out/junit.xml\njson=out/proof.json\n');
  expect(readFileSync(join(folder, 'out', 'junit.xml'), 'utf8')).toContain('<testsuite');
  expect(readFileSync(join(folder, 'summary.md'), 'utf8')).toContain('base');
  expect(processesOf(folder)).toEqual([]);
});

it('refuses what is not, with an annotation on its line', { timeout: 180_000 }, () => {
  const { status, stdout } = prove('labs/unkn*');
  expect(status).toBe(1);
  expect(stdout).toMatch(/^::error file=labs\/unknown-name\/lab\.yaml,line=\d+.*does-not-load/m);
});
