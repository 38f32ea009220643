/** All attacks by templates and on them. */
import type { Attack } from '../attack.ts';
import { costlyYaml } from './costly-yaml.ts';
import { filled } from './filled.ts';
import { folders } from './folders.ts';
import type { TemplateWorld } from './world.ts';
import { yaml } from './yaml.ts';

export const templateAttacks: readonly Attack<TemplateWorld>[] = [
  ...yaml,
  ...folders,
  ...filled,
  ...costlyYaml,
];
