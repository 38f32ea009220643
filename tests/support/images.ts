/** Labwright's own images under the names of the settings, built when what they are made of has changed. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { lockDataFolder } from '../../src/compose/data-folder.ts';
import { loadConfig, projectRoot } from '../../src/config.ts';
import { LabError } from '../../src/lab/errors.ts';

const run = promisify(execFile);
const patienceMs = 15 * 60_000;

const recipe = ['Dockerfile', '.dockerignore'];
const packages = ['package.json', 'package-lock.json', '.npmrc'];
/** What runs in labs, of all that is in Labwright's image. */
const labPrograms = ['gateway', 'sandbox/files', 'program', 'sample-api', 'stub', 'traffic', 'images'];

/** An image whose label tells the same as its parts is not built again. */
const parts = {
  workspace: {
    label: 'dev.labwright.test.workspace',
    inputs: [...recipe, ...packages, 'src/embedded/node-packages.ts', 'src/images', 'src/sample-api'],
  },
  labs: {
    label: 'dev.labwright.test.labs',
    inputs: [...recipe, ...packages, ...labPrograms.map((one) => `src/${one}`)],
  },
  service: {
    label: 'dev.labwright.test.service',
    inputs: [...recipe, ...packages, 'LICENSE', 'lab-templates', 'src'],
  },
} as const;

const builds = [
  { target: 'workspace', setting: 'workspaceImage', parts: ['workspace'] },
  { target: 'labwright', setting: 'labwrightImage', parts: ['labs', 'service'] },
] as const;

/** What trainees deploy themselves, of what workspaces are made of too. */
const releases = ['1.0.0', '2.0.0'];
export const platformImages: readonly string[] = releases.map((release) => `dotmac-api:${release}`);

export interface OwnImages {
  readonly labwright: string;
  readonly workspace: string;
}

/**
 * Call it in `beforeAll`: 100 ms when nothing has changed, seconds after an edit, a minute the first time (give the hook
 * `imagesTimeoutMs`). `for: 'labs'` minds only what runs in labs, `service` all of it. Safe beside others that do the
 * same. Throws with what the builder said.
 */
export async function ensureImages(
  want: { readonly for: 'labs' | 'service' } = { for: 'labs' },
): Promise<OwnImages> {
  const config = loadConfig({}, {});
  for (const { target, setting, parts: all } of builds) {
    const name = config[setting];
    const wanted = target === 'workspace' ? 'workspace' : want.for;
    if (await isMadeOf(name, wanted)) continue;
    await alone(async () => {
      // Looked at again: whoever had the lock may have built it.
      if (!(await isMadeOf(name, wanted))) await build(target, name, all);
    });
  }
  for (const release of releases) {
    const name = `dotmac-api:${release}`;
    if (await isMadeOf(name, 'workspace')) continue;
    const more = ['--build-arg', `RELEASE=${release}`];
    await alone(async () => {
      if (!(await isMadeOf(name, 'workspace'))) await build('dotmac-api', name, ['workspace'], more);
    });
  }
  return { labwright: config.labwrightImage, workspace: config.workspaceImage };
}

export const imagesTimeoutMs = patienceMs;

async function isMadeOf(name: string, part: keyof typeof parts): Promise<boolean> {
  const { label, inputs } = parts[part];
  return (await inspect(name, `{{ index .Config.Labels "${label}" }}`)) === fingerprint(inputs);
}

async function build(
  target: string,
  name: string,
  all: readonly (keyof typeof parts)[],
  more: readonly string[] = [],
): Promise<void> {
  const before = await inspect(name, '{{ .Id }}');
  const labels = all.flatMap((part) => [
    '--label',
    `${parts[part].label}=${fingerprint(parts[part].inputs)}`,
  ]);
  const args = ['build', '--target', target, '--tag', name, ...more, ...labels, projectRoot];
  await run('docker', args, { maxBuffer: 64 * 1024 * 1024 }).catch((cause: unknown) => {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
    throw new Error(`docker build of ${name} failed:\n${`${stdout}\n${stderr}`.slice(-8_000)}`);
  });
  const after = await inspect(name, '{{ .Id }}');
  // The one that lost its name; it stays while a container is made from it.
  if (before !== null && before !== after) await run('docker', ['image', 'rm', before]).catch(() => {});
}

const inspect = (name: string, format: string): Promise<string | null> =>
  run('docker', ['image', 'inspect', '--format', format, name]).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  );

function fingerprint(inputs: readonly string[]): string {
  const hash = createHash('sha256');
  for (const input of inputs.map((one) => join(projectRoot, one)).filter((one) => existsSync(one))) {
    const files = statSync(input).isDirectory()
      ? readdirSync(input, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
          .sort()
      : [input];
    for (const file of files) {
      hash.update(`${relative(projectRoot, file)}\0${statSync(file).mode}\0`).update(readFileSync(file));
    }
  }
  return hash.digest('hex').slice(0, 24);
}

/** One builder at a time on this machine; a builder that was killed is in nobody's way. */
export async function alone(work: () => Promise<void>): Promise<void> {
  const folder = join(tmpdir(), 'labwright-image-builds');
  mkdirSync(folder, { recursive: true });
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      const lock = lockDataFolder(folder, 'a build of images');
      return await work().finally(() => lock.release());
    } catch (error) {
      if (!(error instanceof LabError) || performance.now() > deadline) throw error;
      await delay(200);
    }
  }
}
