import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The packages that the code in a folder needs, as paths relative to the checkout (`node_modules/pg`): what it
 * imports, and what those depend on.
 */
export function packagesOf(folder: string, checkout: string): readonly string[] {
  const found = new Set<string>();
  const visit = (name: string, from: string): void => {
    const path = resolvePackage(name, from, checkout);
    if (path === null || found.has(path)) return;
    found.add(path);
    const manifest = JSON.parse(readFileSync(join(checkout, path, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
      optionalDependencies?: Record<string, string>;
      peerDependencies?: Record<string, string>;
    };
    const { dependencies, optionalDependencies, peerDependencies } = manifest;
    for (const next of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      visit(next, path);
    }
  };
  for (const name of importsOf(folder)) visit(name, '');
  return [...found];
}

function importsOf(folder: string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.ts')) continue;
    const source = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    for (const [, name] of source.matchAll(
      /\b(?:from|import)\s*\(?\s*'((?:@[\w.-]+\/)?[\w][\w.-]*)(?:\/[^']*)?'/g,
    )) {
      if (name !== undefined && !name.startsWith('node:')) names.add(name);
    }
  }
  return names;
}

/** As node does: the nearest `node_modules` from the asking package upwards. */
function resolvePackage(name: string, from: string, checkout: string): string | null {
  for (let at = from; ; at = dirname(at)) {
    const path = join(at === '.' ? '' : at, 'node_modules', name);
    if (existsSync(join(checkout, path, 'package.json'))) return path;
    if (at === '' || at === '.') return null;
  }
}
