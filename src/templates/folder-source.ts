/** Templates from folders side by side, such as `lab-templates/labs`. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { asLabError } from '../lab/errors.ts';
import type { Language } from './language.ts';
import { listFolder, loadFolder } from './load-folder.ts';
import { templateFile } from './parse.ts';
import type { Problem } from './problem.ts';
import type { TemplateSource, TemplateVersion } from './types.ts';
import { type PlatformParts, versionHash } from './version.ts';

interface Entry {
  readonly signature: string;
  readonly version: TemplateVersion | null;
  readonly problems: readonly Problem[];
}

/** Every folder below `root` is a template; each is read again when its files have changed. */
export function createFolderSource(
  root: string,
  language: Language,
  platform: PlatformParts,
): TemplateSource {
  const known = new Map<string, Entry>();

  async function refresh(id: string): Promise<Entry> {
    const folder = join(root, id);
    try {
      const signature = JSON.stringify(await listFolder(folder));
      const before = known.get(id);
      if (before?.signature === signature) return before;
      const entry = { signature, ...load(await loadFolder(folder), id) };
      known.set(id, entry);
      return entry;
    } catch (thrown) {
      known.delete(id);
      return { signature: '', version: null, problems: [unreadable(asLabError(thrown).message)] };
    }
  }

  function load(files: ReadonlyMap<string, Uint8Array>, id: string): Omit<Entry, 'signature'> {
    const { template, problems } = language.parseTemplate(files, id);
    if (template === null)
      return { version: null, problems: problems.filter((one) => one.severity === 'error') };
    return { version: { hash: versionHash(files, platform), template, files }, problems: [] };
  }

  async function refreshAll(): Promise<readonly (readonly [string, Entry])[]> {
    const ids = await folders(root);
    for (const id of known.keys()) if (!ids.includes(id)) known.delete(id);
    return Promise.all(ids.map(async (id) => [id, await refresh(id)] as const));
  }

  return {
    async list() {
      return (await refreshAll()).flatMap(([, entry]) => (entry.version === null ? [] : [entry.version]));
    },
    async load(id) {
      return (await folders(root)).includes(id) ? (await refresh(id)).version : null;
    },
    async problems() {
      return (await refreshAll()).flatMap(([id, { version, problems }]) =>
        version === null ? [{ id, problems }] : [],
      );
    },
  };
}

/** Names of the folders; a link to one is listed too, so that it is refused by name and not overlooked. */
async function folders(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !/^[._]/.test(entry.name))
    .map((entry) => entry.name)
    .sort();
}

function unreadable(message: string): Problem {
  return { file: templateFile, line: 1, column: 1, severity: 'error', code: 'missing_file', message };
}
