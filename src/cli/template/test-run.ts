/** `labwright template test`: a whole Labwright that proves templates, gone when the command ends. */
import pLimit from 'p-limit';
import type { Runtime } from '../../compose.ts';
import type { Config } from '../../config.ts';
import { runsAlone } from '../../proving/jobs.ts';
import { toJson } from '../../proving/json.ts';
import { matrix, summary } from '../../proving/matrix.ts';
import { keptReport, unloadedReport } from '../../proving/report.ts';
import type { ProofReport } from '../../proving/types.ts';
import type { BackendName, TemplateVersion } from '../../templates/types.ts';
import type { Cli } from '../cli.ts';
import { exitCodes } from '../exit-codes.ts';
import { endLeftovers, inPrivateRuntime, type PrivateWorld, privateSettings } from '../private-runtime.ts';
import type { Terminal } from '../terminal.ts';
import { folderNames } from './lint.ts';
import type { TestOptions } from './test.ts';
import { readPlan, requireRun, type TestPlan } from './test-plan.ts';
import { writeReports } from './test-reports.ts';
import { loadWanted } from './test-wanted.ts';

const use = { command: 'labwright template test', folder: 'test' };
const interruptedCode = 130;
/** Of those that bear company: each has a few labs. */
const templatesAtOnce = 3;
const labsEach = 2;

type Tell = (report: ProofReport) => void;

export async function runTemplateTest(
  cli: Cli,
  words: readonly string[],
  options: TestOptions,
): Promise<void> {
  const { terminal, interrupts } = cli;
  // The global --json takes no value: a file that follows it arrives among the templates.
  const jsonFile = words.find((word) => word.endsWith('.json')) ?? null;
  const { config } = privateSettings('', options, terminal.debug);
  const plan = readPlan(options, config, use.folder, new Date());
  const wanted = words.filter((word) => word !== jsonFile);
  const groups = await loadWanted(wanted, config.templatesDir, folderNames(config.templatesDir));
  if (plan.only !== null) requireRun(plan.only, groups);

  const reports: ProofReport[] = [];
  const tell: Tell = (report) => {
    reports.push(report);
    terminal.print(`${matrix(report, terminal.colour)}\n`);
  };
  for (const { templatesDir, templates } of groups) {
    const due: TemplateVersion[] = [];
    for (const { id, version, problems } of templates) {
      if (version === null) tell(unloadedReport(id, plan.backend, problems));
      else if (plan.records?.isDue(version) === false) tell(keptReport(version, plan.backend));
      else due.push(version);
    }
    if (due.length > 0 && !interrupts.happened()) {
      await proveDue(cli, { ...config, templatesDir }, due, plan, tell);
    }
  }

  const folders = groups.flatMap(({ templates }) => templates);
  const folderOf = ({ template }: ProofReport) =>
    folders.find(({ id }) => id === template)?.folder ?? template;
  const to = { junit: options.junit ?? null, json: jsonFile, github: options.github === true };
  writeReports(reports, to, folderOf);
  if (terminal.json) process.stdout.write(toJson(reports));
  terminal.print(summary(reports));
  if (interrupts.happened()) process.exitCode = interruptedCode;
  else if (reports.some(({ outcome }) => outcome === 'refused')) process.exitCode = exitCodes.failed.code;
}

/** Templates of one folder, in a runtime that has no other. */
function proveDue(
  cli: Cli,
  config: Config,
  due: readonly TemplateVersion[],
  plan: TestPlan,
  tell: Tell,
): Promise<void> {
  const nothingBefore = async () => {};
  return inPrivateRuntime(cli, use, config, nothingBefore, (world) =>
    proveAll(cli.terminal, world, due, plan, tell),
  );
}

async function proveAll(
  terminal: Terminal,
  { runtime, progress, hold }: PrivateWorld,
  due: readonly TemplateVersion[],
  plan: TestPlan,
  tell: Tell,
): Promise<void> {
  const { keptRuns } = await import('../../proving/kept-runs.ts');
  const { prover } = await import('../../proving/proof-lab.ts');
  const { proveTemplate, provingParts } = await import('../../proving/prove.ts');
  const parts = provingParts(runtime);
  const { backend, only } = plan;

  async function proveOne(version: TemplateVersion, labsAtOnce: number): Promise<void> {
    if (hold.stop.aborted) return;
    const { id } = version.template;
    const kept = keptRuns(plan.keptIn, [version.hash, plan.platform, backend]);
    if (plan.fresh) kept.clear();
    let left = 0;
    const options = {
      ...plan,
      labsAtOnce,
      hurry: hold.hurry,
      // Who asks for one run wants to see it run.
      ...(only === null ? { kept } : {}),
      onRun({ name }: { readonly name: string }, done: number, all: number) {
        left = all - done;
        progress.say(`${id}: ${done} of ${all} done, ${name}`);
      },
    };
    const report = await proveTemplate(parts, version, options, hold.stop);
    progress.clear();
    if (report.outcome === 'proved') plan.write?.keep(version);
    tell(report);
    if (report.outcome === 'proved' && left > 0)
      terminal.note(`${id}: ${left} mutations are left for another day.`);
  }

  await endLeftovers(runtime, prover);
  progress.say('asking for labs');
  const possible = due.filter((version) => isPossible(terminal, runtime, version, backend));
  const atOnce = pLimit(templatesAtOnce);
  const beside = possible.filter(({ template }) => !runsAlone(template));
  await Promise.all(beside.map((version) => atOnce(() => proveOne(version, labsEach))));
  for (const version of possible.filter(({ template }) => runsAlone(template))) await proveOne(version, 1);
}

/** Whether this machine has what the template needs; where it has not, that is said. */
function isPossible(
  terminal: Terminal,
  runtime: Runtime,
  version: TemplateVersion,
  backend: BackendName,
): boolean {
  const { id, backends } = version.template;
  const others = backends.filter((one) => one !== backend);
  if (others.length > 0) terminal.note(`${id} names ${others.join(' and ')} too: not proved there.`);
  const lacks = backends.includes(backend)
    ? (runtime.drivers.get(backend)?.lacks(version) ?? [])
    : [`It does not name ${backend}.`];
  if (lacks.length === 0) return true;
  terminal.note(`${id} is not proved on ${backend}: ${lacks.join(' ')}`);
  process.exitCode = exitCodes.unavailable.code;
  return false;
}
