/** `labwright template test`: a whole Labwright that proves templates, gone when the command ends. */
import { builtBackends } from '../../config.ts';
import { toJson } from '../../proving/json.ts';
import { conformance, matrix, summary } from '../../proving/matrix.ts';
import { keptReport, unloadedReport } from '../../proving/report.ts';
import type { ProofReport } from '../../proving/types.ts';
import type { Cli } from '../cli.ts';
import { exitCodes } from '../exit-codes.ts';
import { privateSettings } from '../private-runtime.ts';
import { folderNames } from './lint.ts';
import type { TestOptions } from './test.ts';
import { wantedBackends } from './test-backends.ts';
import { readPlan, requireRun } from './test-plan.ts';
import { type Due, isDue, proveDue, type Tell, tellAbsent } from './test-prove.ts';
import { writeReports } from './test-reports.ts';
import { loadWanted } from './test-wanted.ts';

const use = { command: 'labwright template test', folder: 'test' };
const interruptedCode = 130;

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
  const wantedWords = words.filter((word) => word !== jsonFile);
  const groups = await loadWanted(wantedWords, config.templatesDir, folderNames(config.templatesDir));
  if (plan.only !== null) requireRun(plan.only, groups);

  const reports: ProofReport[] = [];
  const tell: Tell = (report) => {
    reports.push(report);
    terminal.print(`${matrix(report, terminal.colour)}\n`);
  };
  for (const { templatesDir, templates } of groups) {
    const due: Due[] = [];
    for (const { id, version, problems } of templates) {
      if (version === null) {
        tell(unloadedReport(id, plan.enabled[0] ?? 'process', problems));
        continue;
      }
      const wanted = wantedBackends(version.template, plan);
      if (wanted.on.some((backend) => isDue(plan, version, backend))) due.push({ version, wanted });
      else {
        for (const backend of wanted.on) tell(keptReport(version, backend));
        tellAbsent(plan, version, wanted, tell);
      }
    }
    if (due.length > 0 && !interrupts.happened()) {
      await proveDue(cli, use, { ...config, templatesDir }, due, plan, tell);
    }
  }

  const folders = groups.flatMap(({ templates }) => templates);
  const folderOf = ({ template }: ProofReport) =>
    folders.find(({ id }) => id === template)?.folder ?? template;
  const ids = folders.map(({ id }) => id);
  const place = ({ template, backend }: ProofReport) =>
    ids.indexOf(template) * builtBackends.length + builtBackends.indexOf(backend);
  const sorted = reports.toSorted((a, b) => place(a) - place(b));
  const to = { junit: options.junit ?? null, json: jsonFile, github: options.github === true };
  writeReports(sorted, to, folderOf);
  if (terminal.json) process.stdout.write(toJson(sorted));
  const table = conformance(sorted, terminal.colour);
  if (table !== '') terminal.print(`${table}\n`);
  terminal.print(summary(sorted));
  const some = (outcome: ProofReport['outcome']) => reports.some((one) => one.outcome === outcome);
  if (interrupts.happened()) process.exitCode = interruptedCode;
  else if (some('refused')) process.exitCode = exitCodes.failed.code;
  else if (some('missing')) process.exitCode = exitCodes.unavailable.code;
}
