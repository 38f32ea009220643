/**
 * Run while the workspaces' image is made: copies the packages that the sample API imports, and what those need, to a
 * folder. A trainee's own programs find the same ones as the API that they work on, on every backend.
 */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { packagesOf } from '../embedded/node-packages.ts';

const root = join(import.meta.dirname, '..', '..');
const [to = ''] = process.argv.slice(2);
for (const path of packagesOf(join(root, 'src', 'sample-api'), root)) {
  cpSync(join(root, path), join(to, path), { recursive: true });
}
