/** Folders of templates that only tests take, with what only the machine knows filled in. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisProgram } from '../queue/redis.ts';

/**
 * A copy of one template, alone in a folder for TEMPLATES_DIR. `@NAME@` in its `lab.yaml` becomes the value of that name;
 * where no Redis is installed the lab has none: lines that end in `# redis` are left out.
 */
export function testTemplates(id: string, values: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'labwright-templates-'));
  cpSync(join(import.meta.dirname, 'templates', id), join(folder, id), { recursive: true });
  const file = join(folder, id, 'lab.yaml');
  let text = readFileSync(file, 'utf8');
  for (const [name, value] of Object.entries(values)) text = text.replaceAll(`@${name}@`, value);
  if (redisProgram() === null) text = text.replaceAll(/.*# redis\n/g, '').replaceAll('cache, ', '');
  writeFileSync(file, text);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
