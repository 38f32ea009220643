/**
 * Test files that take long and passed with all that decides them as it is now: they need not run at every change. A
 * fifth of them runs each day nevertheless, for a test may rest on what no key holds.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const recordsFile = '.proofs/tests.json';
const everyDays = 5;

const packages = ['package.json', 'package-lock.json', '.npmrc', 'tests/vitest.config.ts'];
/** What runs in labs' containers, and how their images are made. */
const images = [
  ...['Dockerfile', '.dockerignore', 'src/embedded/node-packages.ts'],
  ...['gateway', 'images', 'program', 'sample-api', 'sandbox/files', 'stub', 'traffic'].map((one) => `src/${one}`),
];
const everything = ['src', 'lab-templates', 'helm', 'k8s', 'Dockerfile', '.dockerignore'];

/** Folders of what takes long, and what decides there beside what a test imports. */
const long = {
  'tests/simulation': [],
  'tests/sandbox/docker': images,
  'tests/sandbox/kubernetes': [...images, 'helm'],
  'tests/security/containers': everything,
  'tests/security/kubernetes': everything,
  'tests/e2e/docker': everything,
  'tests/e2e/kubernetes': everything,
  'tests/helm': everything,
  'tests/image': everything,
};

const isTest = (path) => path.endsWith('.test.ts');

function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative('.', join(entry.parentPath, entry.name)));
}

const once = (make) => {
  const made = new Map();
  return (path) => {
    if (!made.has(path)) made.set(path, make(path));
    return made.get(path);
  };
};

const hashOf = once((path) => createHash('sha256').update(readFileSync(path)).digest('hex'));

const importedBy = once((path) =>
  [...readFileSync(path, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+\.[mc]?[jt]s)'/g)]
    .map(([, named]) => join(dirname(path), named))
    .filter((other) => existsSync(other)),
);

/** The file with all that it imports of this repository, directly or not. */
function importsOf(path, known = new Set()) {
  if (known.has(path)) return known;
  known.add(path);
  for (const other of importedBy(path)) importsOf(other, known);
  return known;
}

function keyOf(paths) {
  const lines = [...new Set(paths)].sort().map((path) => `${path} ${hashOf(path)}`);
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

function keys() {
  const setups = ['postgres', 'chart'].flatMap((one) => [...importsOf(`tests/support/global-${one}.ts`)]);
  const read = filesBelow('tests').filter((path) => !path.endsWith('.ts'));
  const common = [...setups, ...read, ...packages.flatMap(filesBelow)];
  const files = Object.entries(long).flatMap(([folder, beside]) => {
    const around = [...common, ...beside.flatMap(filesBelow)];
    const tests = filesBelow(folder).filter(isTest);
    return tests.map((file) => [file, keyOf([...around, ...importsOf(file)])]);
  });
  return Object.fromEntries(files.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function recorded() {
  try {
    return JSON.parse(readFileSync(recordsFile, 'utf8'));
  } catch {
    return {};
  }
}

function isItsDay(file) {
  const today = Math.floor(Date.now() / 86_400_000);
  return createHash('sha256').update(file).digest().readUInt16BE() % everyDays === today % everyDays;
}

/** Those that need not run today. */
export function restingTests() {
  const before = recorded();
  return Object.entries(keys())
    .filter(([file, key]) => before[file] === key && !isItsDay(file))
    .map(([file]) => file);
}

/** @param passed those that passed now, as they are. A record of one that ran and did not goes; others stay while they hold. */
export function recordTests(passed, ran) {
  const before = recorded();
  const isProved = ([file, key]) => passed.includes(file) || (before[file] === key && !ran.includes(file));
  const now = Object.entries(keys()).filter(isProved);
  writeFileSync(recordsFile, `${JSON.stringify(Object.fromEntries(now), null, 2)}\n`);
}
