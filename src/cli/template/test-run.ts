/** `labwright template test`: a whole Labwright that proves templates, gone when the command ends. */
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { Runtime } from '../../compose.ts';
import { type Config, projectRoot } from '../../config.ts';
import { jobsOf, runNames, runsAlone } from '../../proving/jobs.ts';
import { matrix, summary } from '../../proving/matrix.ts';
import { openProofRecords, platformHash } from '../../proving/records.ts';
import { keptReport, unloadedReport } from '../../proving/report.ts';
import type { ProofReport } from '../../proving/types.ts';
import { didYouMean } from '../../templates/suggest.ts';
import type { BackendName, TemplateVersion } from '../../templates/types.ts';
import type { Cli } from '../cli.ts';
import { CliError } from '../cli-error.ts';
import { exitCodes } from '../exit-codes.ts';
import { endLeftovers, inPrivateRuntime, type PrivateWorld, privateSettings } from '../private-runtime.ts';
import type { Terminal } from '../terminal.ts';
import { parseDuration } from '../token/duration.ts';
import { folderNames } from './lint.ts';
import type { TestOptions } from './test.ts';
import { writeReports } from './test-reports.ts';
import { loadWanted, requireBackend, requireRuns, type WantedGroup } from './test-wanted.ts';

const use = { command: 'labwright template test', folder: 'test' };
const dayMs = 86_400_000;
const interruptedCode = 130;
/** Of those that bear company: each has a few labs. */
const templatesAtOnce = 3;

interface Plan {
  readonly backend: BackendName;
  readonly runs: number;
  readonly only: string | null;
  readonly fresh: boolean;
  /** `performance.now()`. */
  readonly mutationsUntil: number;
  readonly day: string;
  readonly platform: string;
  /** Where runs of interrupted proofs are: not in the temporary folder of who came second. */
  readonly keptIn: string;
  readonly isDue: (version: TemplateVersion) => boolean;
  readonly onReport: (report: ProofReport, version: TemplateVersion) => void;
}

export async function runTemplateTest(
  cli: Cli,
  words: readonly string[],
  options: TestOptions,
): Promise<void> {
  const { terminal, interrupts } = cli;
  // The global --json takes no value: a file that follows it arrives among the templates.
  const jsonFile = words.find((word) => word.endsWith('.json')) ?? null;
  const config = privateSettings('', options, terminal.debug).config;
  const platform = platformHash(projectRoot);
  const now = Date.now();
  const records =
    options.records === undefined
      ? null
      : openProofRecords(options.records, platform, Math.floor(now / dayMs));
  if (options.writeRecords === true && records === null) {
    throw new CliError('usage', 'bad_usage', '--write-records: say where with --records <folder>.');
  }
  const mutationsMs =
    options.mutations === undefined ? Number.POSITIVE_INFINITY : parseDuration(options.mutations) * 1000;
  const groups = await loadWanted(
    words.filter((word) => word !== jsonFile),
    config.templatesDir,
    folderNames(config.templatesDir),
  );
  if (options.only !== undefined) requireRun(options.only, groups);
  const reports: ProofReport[] = [];
  const tell = (report: ProofReport) => {
    reports.push(report);
    terminal.print(`${matrix(report, terminal.colour)}\n`);
  };
  const plan: Plan = {
    backend: requireBackend(options.backend, config.backends),
    runs: requireRuns(options.runs),
    only: options.only ?? null,
    fresh: options.fresh === true,
    mutationsUntil: performance.now() + mutationsMs,
    day: new Date(now).toISOString().slice(0, 10),
    platform,
    keptIn: join(config.dataDir, use.folder, 'proofs'),
    isDue: (version) => records === null || options.all === true || records.isDue(version),
    onReport(report, version) {
      const isWhole = options.only === undefined && options.mutations === undefined;
      if (options.writeRecords === true && isWhole && report.outcome === 'proved') records?.keep(version);
      tell(report);
    },
  };
  for (const group of groups) {
    for (const { id, version, problems } of group.templates) {
      if (version === null) tell(unloadedReport(id, plan.backend, problems));
      else if (!plan.isDue(version)) tell(keptReport(version, plan.backend));
    }
    if (!interrupts.happened())
      await proveGroup(cli, { ...config, templatesDir: group.templatesDir }, group, plan);
  }
  const folders = new Map(groups.flatMap(({ templates }) => templates.map(({ id, folder }) => [id, folder])));
  const folderOf = ({ template }: ProofReport) => folders.get(template) ?? template;
  writeReports(
    reports,
    { junit: options.junit ?? null, json: jsonFile, github: options.github === true },
    folderOf,
  );
  if (terminal.json) terminal.answer(reports, () => '');
  terminal.print(summary(reports));
  if (interrupts.happened()) {
    process.exitCode = interruptedCode;
    return;
  }
  if (reports.some(({ outcome }) => outcome === 'refused')) process.exitCode = exitCodes.failed.code;
}

/** Throws CliError `notFound` when none of the templates has a run of this name. */
function requireRun(name: string, groups: readonly WantedGroup[]): void {
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

/** Of one folder with templates: those that are due. */
async function proveGroup(cli: Cli, config: Config, group: WantedGroup, plan: Plan): Promise<void> {
  const due = group.templates.flatMap(({ version }) =>
    version !== null && plan.isDue(version) ? [version] : [],
  );
  if (due.length === 0) return;
  await inPrivateRuntime(
    cli,
    use,
    config,
    async () => {},
    (world) => proveAll(cli, world, due, plan),
  );
}

async function proveAll(
  { terminal }: Cli,
  { runtime, progress, hold }: PrivateWorld,
  due: readonly TemplateVersion[],
  plan: Plan,
): Promise<void> {
  const { keptRuns } = await import('../../proving/kept-runs.ts');
  const { prover } = await import('../../proving/proof-lab.ts');
  const { proveTemplate, provingParts } = await import('../../proving/prove.ts');
  await endLeftovers(runtime, prover);
  const parts = provingParts(runtime);
  const { backend, runs, only, day, mutationsUntil } = plan;
  const proveOne = async (version: TemplateVersion, labsAtOnce: number) => {
    if (hold.stop.aborted) return;
    const { id } = version.template;
    const key = [version.hash, plan.platform, backend];
    const kept = keptRuns(plan.keptIn, key);
    if (plan.fresh) kept.clear();
    const report = await proveTemplate(
      parts,
      version,
      {
        backend,
        runs,
        only,
        day,
        mutationsUntil,
        labsAtOnce,
        hurry: hold.hurry,
        // Who asks for one run wants to see it run.
        ...(only === null ? { kept } : {}),
        onRun: (run, done, all) => progress.say(`${id}: ${done} of ${all} done, ${run.name}`),
      },
      hold.stop,
    );
    progress.clear();
    plan.onReport(report, version);
  };
  progress.say('asking for labs');
  const versions = due.filter((version) => isPossible(terminal, runtime, version, backend));
  const beside = versions.filter(({ template }) => !runsAlone(template));
  const atOnce = pLimit(templatesAtOnce);
  await Promise.all(beside.map((version) => atOnce(() => proveOne(version, 2))));
  for (const version of versions.filter(({ template }) => runsAlone(template))) await proveOne(version, 1);
}

/** Whether this machine has what the template needs; where it has not, that is said. */
function isPossible(
  terminal: Terminal,
  runtime: Runtime,
  version: TemplateVersion,
  backend: BackendName,
): boolean {
  const { template } = version;
  const others = template.backends.filter((one) => one !== backend);
  const names = template.backends.includes(backend);
  const lacks = names ? (runtime.drivers.get(backend)?.lacks(version) ?? []) : [];
  if (others.length > 0) terminal.note(`${template.id} names ${others.join(' and ')} too: not proved there.`);
  if (names && lacks.length === 0) return true;
  const why = names ? lacks.join(' ') : `It does not name ${backend}.`;
  terminal.note(`${template.id} is not proved on ${backend}: ${why}`);
  process.exitCode = exitCodes.unavailable.code;
  return false;
}
