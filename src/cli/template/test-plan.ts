/** How `template test` proves: its options, read and found to be right. */
import { join } from 'node:path';
import { builtBackends, type Config, projectRoot, requiresAll } from '../../config.ts';
import { jobsOf, runNames } from '../../proving/jobs.ts';
import { platformHash } from '../../proving/platform.ts';
import { openProofRecords, type ProofRecords } from '../../proving/records.ts';
import { didYouMean } from '../../templates/suggest.ts';
import type { BackendName } from '../../templates/types.ts';
import { CliError } from '../cli-error.ts';
import { parseDuration } from '../token/duration.ts';
import type { TestOptions } from './test.ts';
import type { WantedGroup } from './test-wanted.ts';

const dayMs = 86_400_000;

export interface TestPlan {
  /** Those that were asked for, in their order; null: all that a template names. */
  readonly backends: readonly BackendName[] | null;
  /** Those that this command may have. */
  readonly enabled: readonly BackendName[];
  /** One that cannot be had is a failure. */
  readonly requireBackends: boolean;
  readonly runs: number;
  readonly only: string | null;
  readonly fresh: boolean;
  /** `performance.now()`. */
  readonly mutationsUntil: number;
  /** Orders the mutations. */
  readonly day: string;
  /** What decides verdicts on a backend beside the template. */
  readonly platformOf: (backend: BackendName) => string;
  /** Where runs of interrupted proofs are: not in the temporary folder of who came second. */
  readonly keptIn: string;
  /** Those that count: a template of which they say so is not run. */
  readonly records: ProofRecords | null;
  /** Those that are written. */
  readonly write: ProofRecords | null;
}

/** Throws CliError that names the option. */
export function readPlan(options: TestOptions, config: Config, folder: string, now: Date): TestPlan {
  const platformOf = onceEach((backend) => platformHash(projectRoot, backend));
  const today = Math.floor(now.getTime() / dayMs);
  const records = options.records === undefined ? null : openProofRecords(options.records, platformOf, today);
  if (options.writeRecords === true && records === null) {
    throw new CliError('usage', 'bad_usage', '--write-records: say where with --records <folder>.');
  }
  const isWhole = options.only === undefined && options.mutations === undefined;
  const mutationsMs =
    options.mutations === undefined ? Number.POSITIVE_INFINITY : parseDuration(options.mutations) * 1000;
  const backends = options.backend === undefined ? null : requireBackends(options.backend);
  return {
    backends,
    enabled: backends ?? config.backends,
    requireBackends: options.requireBackends === true || requiresAll(),
    runs: requireRuns(options.runs),
    only: options.only ?? null,
    fresh: options.fresh === true,
    mutationsUntil: performance.now() + mutationsMs,
    day: now.toISOString().slice(0, 10),
    platformOf,
    keptIn: join(config.dataDir, folder, 'proofs'),
    records: options.all === true ? null : records,
    write: options.writeRecords === true && isWhole ? records : null,
  };
}

/** Reading all sources takes its time. */
function onceEach(hashOf: (backend: BackendName) => string): (backend: BackendName) => string {
  const hashes = new Map<BackendName, string>();
  return (backend) => {
    const hash = hashes.get(backend) ?? hashOf(backend);
    hashes.set(backend, hash);
    return hash;
  };
}

/** Throws CliError `usage` for a name that no backend has. */
function requireBackends(text: string): readonly BackendName[] {
  const names = text.split(',').map((name) => name.trim());
  return [...new Set(names)].map((name) => {
    const backend = builtBackends.find((one) => one === name);
    if (backend !== undefined) return backend;
    const near = didYouMean(name, builtBackends);
    const hint = near === '' ? `; known: ${builtBackends.join(', ')}.` : near;
    throw new CliError('usage', 'bad_usage', `--backend: there is no backend "${name}"${hint}`);
  });
}

function requireRuns(text: string): number {
  const runs = Number(text);
  if (/^\d+$/.test(text) && runs >= 1 && runs <= 1000) return runs;
  throw new CliError(
    'usage',
    'bad_usage',
    `--runs: found "${text}"; a whole number from 1 to 1000 is allowed.`,
  );
}

/** Throws CliError `notFound` when none of the templates has a run of this name. */
export function requireRun(name: string, groups: readonly WantedGroup[]): void {
  const known = groups.flatMap(({ templates }) =>
    templates.flatMap(({ version }) =>
      version === null ? [] : jobsOf(version.template, { runs: 1, only: null }).flatMap(runNames),
    ),
  );
  if (known.includes(name)) return;
  const near = didYouMean(name, known);
  const hint = near === '' ? '; the matrix names them all.' : near;
  throw new CliError('notFound', 'not_found', `--only: there is no run "${name}"${hint}`, { known });
}
