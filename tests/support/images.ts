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
/** What the image was made of; an image with the same is not built again. */
const inputsLabel = 'dev.labwright.test-inputs';
const patienceMs = 15 * 60_000;

const builds = [
  { target: 'workspace', setting: 'workspaceImage', inputs: ['Dockerfile', '.dockerignore'] },
  {
    target: 'labwright',
    setting: 'labwrightImage',
    inputs: [
      'Dockerfile',
      '.dockerignore',
      'package.json',
      'package-lock.json',
      '.npmrc',
      'LICENSE',
      'lab-templates',
      'src',
    ],
  },
] as const;

export interface OwnImages {
  readonly labwright: string;
  readonly workspace: string;
}

/**
 * Call it in `beforeAll`: 100 ms when nothing has changed, seconds after an edit below src, a minute the first time
 * (give the hook `imagesTimeoutMs`). Safe beside others that do the same. Throws with what the builder said.
 */
export async function ensureImages(): Promise<OwnImages> {
  const config = loadConfig({}, {});
  for (const { target, setting, inputs } of builds) {
    const name = config[setting];
    if ((await madeOf(name)) === fingerprint(inputs)) continue;
    await alone(async () => {
      // Taken again: whoever had the lock may have built it, of what is there now.
      const made = fingerprint(inputs);
      if ((await madeOf(name)) !== made) await build(target, name, made);
    });
  }
  return { labwright: config.labwrightImage, workspace: config.workspaceImage };
}

export const imagesTimeoutMs = patienceMs;

async function build(target: string, name: string, made: string): Promise<void> {
  const before = await idOf(name);
  const args = ['build', '--target', target, '--tag', name, '--label', `${inputsLabel}=${made}`, projectRoot];
  await run('docker', args, { maxBuffer: 64 * 1024 * 1024 }).catch((cause: unknown) => {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
    throw new Error(`docker build of ${name} failed:\n${`${stdout}\n${stderr}`.slice(-8_000)}`);
  });
  // The one that lost its name; it stays while a container is made from it.
  if (before !== null && before !== (await idOf(name)))
    await run('docker', ['image', 'rm', before]).catch(() => {});
}

const inspect = (name: string, format: string): Promise<string | null> =>
  run('docker', ['image', 'inspect', '--format', format, name]).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  );
const madeOf = (name: string) => inspect(name, `{{ index .Config.Labels "${inputsLabel}" }}`);
const idOf = (name: string) => inspect(name, '{{ .Id }}');

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
async function alone(work: () => Promise<void>): Promise<void> {
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
