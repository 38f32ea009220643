import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { projectRoot } from '../config.ts';
import { GENERATOR_VERSION } from '../sample-api/seed/version.ts';
import { createFolderSource } from '../templates/folder-source.ts';
import type { Language } from '../templates/language.ts';
import type { TemplateSource } from '../templates/types.ts';
import type { PlatformParts } from '../templates/version.ts';

export const sampleApiFolder = join(projectRoot, 'src', 'sample-api');

/** The templates of a folder, with the versions that they have on this build. */
export function openTemplates(folder: string, language: Language): TemplateSource {
  return createFolderSource(folder, language, platformParts());
}

/** What of this build decides what a lab is: another sample API or other seed data is another template version. */
function platformParts(): PlatformParts {
  const hash = createHash('sha256');
  const files = readdirSync(sampleApiFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files)
    hash
      .update(`${relative(sampleApiFolder, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  return { generator: String(GENERATOR_VERSION), sampleApi: hash.digest('hex') };
}
