/** Folders that reach out of themselves, or never end. */
import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { open, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LabError } from '../../../src/lab/errors.ts';
import { listFolder, loadFolder } from '../../../src/templates/load-folder.ts';
import { type Attack, attack, type Outcome, outcome } from '../attack.ts';
import { hangs } from '../waiting.ts';
import { load, secret, type TemplateWorld } from './world.ts';

/** Whether the secret came in with the folder, or anything but a refusal happened. */
async function loaded(folder: string): Promise<Outcome> {
  try {
    const files = await loadFolder(folder);
    const texts = [...files.values()].map((one) => Buffer.from(one).toString());
    return outcome(
      texts.some((text) => text.includes(secret)),
      [...files.keys()],
    );
  } catch (thrown) {
    return outcome(!(thrown instanceof LabError && thrown.code === 'template_invalid'), String(thrown));
  }
}

const reads = async (path: string): Promise<Outcome> => {
  const text = await readFile(path, 'utf8');
  return outcome(text.includes(secret), text);
};

/** A field of the template that names a file. */
function named(name: string, change: (world: TemplateWorld) => readonly [string, string], defence: string) {
  return attack<TemplateWorld>({
    family: 'template',
    name,
    defence,
    off: 'the same path joined to the folder and read',
    async run(world) {
      const { template, errors } = await load(change(world));
      return outcome(template !== null, errors);
    },
    async control(world) {
      const [, to] = change(world);
      const path = to.replace(/^.*: /, '').replace(/[},].*$/, '');
      const full = path.startsWith('/') ? path : join(await world.folder(), path);
      return reads(full);
    },
  });
}

export const folders: readonly Attack<TemplateWorld>[] = [
  named(
    'instructions above the folder',
    () => ['instructions: README.md', 'instructions: ../secret.txt'],
    'a path of a template has no ".."',
  ),
  named(
    'a task text by its absolute path',
    ({ secretFile }) => ['text: tasks/2.md', `text: ${secretFile}`],
    'a path of a template has no leading slash',
  ),
  attack<TemplateWorld>({
    family: 'template',
    name: 'a link to a file outside',
    defence: 'a link in a template’s folder is refused',
    off: 'the file read by its name',
    async run({ folder, secretFile }) {
      const made = await folder();
      await symlink(secretFile, join(made, 'README.md'));
      return loaded(made);
    },
    async control({ folder, secretFile }) {
      const made = await folder();
      await symlink(secretFile, join(made, 'README.md'));
      return reads(join(made, 'README.md'));
    },
  }),
  attack<TemplateWorld>({
    family: 'template',
    name: 'a link to the folder above',
    defence: 'folders are not entered through links',
    off: 'the folder entered by its name',
    async run({ folder, root }) {
      const made = await folder();
      await symlink(root, join(made, 'workspace'));
      return loaded(made);
    },
    async control({ folder, root }) {
      const made = await folder();
      await symlink(root, join(made, 'workspace'));
      return reads(join(made, 'workspace/secret.txt'));
    },
  }),
  attack<TemplateWorld>({
    family: 'template',
    name: 'a file that becomes a link while the folder is read',
    defence: 'files are opened without following links, whatever was listed',
    off: 'listed, then read by name',
    async run({ folder, secretFile }) {
      const made = await folder();
      const file = join(made, 'README.md');
      let swapping = true;
      const swap = (async () => {
        while (swapping) {
          await writeFile(`${file}.new`, 'plain');
          await rename(`${file}.new`, file);
          await symlink(secretFile, `${file}.new`);
          await rename(`${file}.new`, file);
        }
      })();
      let worst = outcome(false, 'nothing got in');
      for (let times = 0; times < 200 && !worst.succeeded; times += 1) {
        const one = await loaded(made);
        // What has gone meanwhile is no way in.
        if (one.succeeded && !one.seen.includes('ENOENT')) worst = one;
      }
      swapping = false;
      await swap;
      return worst;
    },
    async control({ folder, secretFile }) {
      const made = await folder();
      const file = join(made, 'README.md');
      await writeFile(file, 'plain');
      const [listed] = await listFolder(made);
      await rm(file);
      await symlink(secretFile, file);
      return reads(join(made, listed?.path ?? ''));
    },
  }),
  attack<TemplateWorld>({
    family: 'template',
    name: 'a pipe that nobody writes into',
    defence: 'what is no plain file is refused and never waited for',
    off: 'the same read as a file',
    async run({ folder }) {
      const made = await folder();
      execFileSync('mkfifo', [join(made, 'README.md')]);
      const hung = await hangs(() => loadFolder(made));
      return hung ? outcome(true, 'it waited') : loaded(made);
    },
    async control({ folder }) {
      const pipe = join(await folder(), 'README.md');
      execFileSync('mkfifo', [pipe]);
      const hung = await hangs(async (signal) => {
        const reading = readFile(pipe);
        // A reader of a pipe cannot be called off: a writer lets it go.
        signal.addEventListener('abort', () => {
          open(pipe, constants.O_WRONLY).then((writer) => writer.close());
        });
        await reading;
      });
      return outcome(hung, 'whether it still waited');
    },
  }),
  attack<TemplateWorld>({
    family: 'template',
    name: 'a file of gigabytes that takes no space',
    defence: 'sizes are added up before anything is read',
    off: 'the file read as it is',
    async run({ folder }) {
      const made = await folder();
      await writeFile(join(made, 'data.sql'), '');
      await truncate(join(made, 'data.sql'), 40 * 1024 ** 3);
      return loaded(made);
    },
    async control({ folder }) {
      const file = join(await folder(), 'data.sql');
      await writeFile(file, '');
      await truncate(file, 64 * 1024 ** 2);
      const { blocks } = await stat(file);
      const { byteLength } = await readFile(file);
      return outcome(byteLength === 64 * 1024 ** 2 && blocks < 100, { byteLength, blocks });
    },
  }),
];
