import { createHash } from 'node:crypto';
import type { PostgresComponent, TemplateVersion } from '../../templates/types.ts';
import { privilegesVersion } from './privileges.ts';
import { hasStatistics } from './statement-statistics.ts';

/** Of all that a database is made from before a lab has it; templates with the same seed have the same. */
export function contentHash(
  version: TemplateVersion,
  component: PostgresComponent,
  generatorVersion: number | string,
): string {
  const { seed } = component;
  const extensions = [...component.extensions].sort();
  const what = [
    privilegesVersion,
    'generator' in seed ? seed : 'files',
    extensions,
    hasStatistics(component),
  ];
  const hash = createHash('sha256').update(JSON.stringify(what));
  if ('generator' in seed) hash.update(String(generatorVersion));
  else
    for (const file of seed.files)
      hash
        .update(`${file}\0`)
        .update(version.files.get(file) ?? '')
        .update('\0');
  return hash.digest('hex');
}
