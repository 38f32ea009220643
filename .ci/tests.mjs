#!/usr/bin/env node
/**
 * Runs the README's test command. A file that fails in the crowd is run once more alone: what passes then counts as
 * passed, and is told as what it is. Writes `passed`, `failed`, and the names of what is worth knowing at the end.
 *
 *     node .ci/tests.mjs <folder for the reports> [test files, instead of all]
 *
 * Without LABWRIGHT_ALL_PROOFS=1, what is recorded as passed and unchanged rests; LABWRIGHT_WRITE_RECORDS=1 records what
 * passes.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { recordTests, restingTests } from './test-records.mjs';

const [folder, ...some] = process.argv.slice(2);

/** Its exit code, and what it found by file; null when it was never told. */
function vitest(name, files) {
  const report = join(folder, `${name}.json`);
  const args = ['test', '--', ...files, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { status } = spawnSync('npm', args, { stdio: 'inherit' });
  try {
    return { status, results: JSON.parse(readFileSync(report, 'utf8')).testResults };
  } catch {
    return { status, results: null };
  }
}

/** What of a file did not pass; a file that could not be run at all is one thing. A skip is no pass. */
function troublesOf({ name, status, assertionResults }) {
  const file = relative('.', name);
  const bad = assertionResults.filter((test) => test.status !== 'passed');
  if (bad.length > 0) return bad.map((test) => `${file}: ${test.fullName} (${test.status})`);
  return status === 'failed' ? [`${file}: it could not be run`] : [];
}

const resting = some.length > 0 || process.env.LABWRIGHT_ALL_PROOFS ? [] : restingTests();
const all = vitest('tests', [...some, ...resting.flatMap((file) => ['--exclude', file])]);
const names = [];
const passedFiles = [];
let [passed, failed] = [0, 0];
for (const result of all.results ?? []) {
  let last = result;
  const before = troublesOf(result);
  if (result.status === 'failed') {
    const file = relative('.', result.name);
    console.log(`\n── ${file} failed beside others: once more, alone`);
    const again = vitest(`alone-${names.length}`, [file]);
    last = again.results?.find(({ name }) => name === result.name) ?? result;
    if (again.status === 0 && troublesOf(last).length === 0) {
      names.push(...before.map((name) => `FLAKY, passed only alone: ${name}`));
    }
  }
  const after = troublesOf(last);
  if (result.status === 'passed' && after.length === 0) passedFiles.push(relative('.', result.name));
  names.push(...after.map((name) => `FAILED: ${name}`));
  failed += after.length;
  passed += last.assertionResults.filter((test) => test.status === 'passed').length;
}
if (all.results === null) names.push('FAILED: the tests did not tell what they found');
else if (all.status !== 0 && all.results.every(({ status }) => status !== 'failed')) {
  names.push('FAILED: every test passed, and the run did not: see its errors');
}
if (names.some((name) => name.startsWith('FAILED')) && failed === 0) failed = 1;
if (resting.length > 0) console.log(`\n${resting.length} long test files passed before, and nothing of theirs has changed.`);
if (process.env.LABWRIGHT_WRITE_RECORDS) {
  recordTests(
    passedFiles,
    (all.results ?? []).map(({ name }) => relative('.', name)),
  );
}
writeFileSync(join(folder, 'tests-told.json'), JSON.stringify({ passed, failed, names }));
process.exitCode = failed === 0 ? 0 : 1;
