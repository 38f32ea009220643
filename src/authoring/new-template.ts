/** The files of a template that somebody begins to write: a small whole one, or another lab under a new name. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../lab/errors.ts';
import { loadFolder } from '../templates/load-folder.ts';
import { templateFile } from '../templates/parse.ts';
import { requireTemplateId, scaffoldTemplate } from '../templates/scaffold.ts';

export interface NewFile {
  readonly bytes: Uint8Array;
  readonly executable: boolean;
}

export type NewFiles = ReadonlyMap<string, NewFile>;

/** The scaffold. Throws LabError `validation_failed` for what is no id. */
export function scaffoldFiles(id: string): NewFiles {
  const files = [...scaffoldTemplate(id)];
  return new Map(
    files.map(([path, text]) => [path, { bytes: Buffer.from(text), executable: path.endsWith('.sh') }]),
  );
}

/**
 * Another lab's folder with this id and title; comments and everything else stay as they were written. Throws LabError
 * `validation_failed` for what is no id, and what `loadFolder` does.
 */
export async function filesLike(folder: string, id: string, title: string): Promise<NewFiles> {
  requireTemplateId(id);
  const files = new Map<string, NewFile>();
  for (const [path, bytes] of await loadFolder(folder)) {
    const executable = (statSync(join(folder, path)).mode & 0o111) !== 0;
    files.set(path, { bytes: path === templateFile ? renamed(bytes, id, title) : bytes, executable });
  }
  return files;
}

/** `first-ticket` → `First ticket`. */
export function titleOf(id: string): string {
  const words = id.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** With the place of the JSON Schema in its first line, for editors. */
export function withSchema(files: NewFiles, schema: string): NewFiles {
  const lab = files.get(templateFile);
  if (lab === undefined) return files;
  const text = Buffer.from(lab.bytes).toString();
  const bytes = Buffer.from(text.replace(/^# yaml-language-server: \$schema=.*$/m, () => comment(schema)));
  return new Map([...files, [templateFile, { ...lab, bytes }]]);
}

const comment = (schema: string) => `# yaml-language-server: $schema=${schema}`;

function renamed(bytes: Uint8Array, id: string, title: string): Uint8Array {
  const text = Buffer.from(bytes).toString();
  const named = put(put(text, 'id', id), 'title', JSON.stringify(title));
  return Buffer.from(named);
}

/** A key at the top of `lab.yaml` with its whole value, which may go on in indented lines. */
function put(text: string, key: 'id' | 'title', value: string): string {
  const written = new RegExp(`^${key}:.*(?:\\n[ \\t]+.*)*$`, 'm');
  if (!written.test(text)) {
    throw new LabError('template_invalid', `${templateFile} has no line that begins with "${key}:".`);
  }
  return text.replace(written, () => `${key}: ${value}`);
}
