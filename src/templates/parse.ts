/** From a folder's files to a template, or to everything that is wrong with it. */

import type { Finding } from './issues.ts';
import { lint } from './lint.ts';
import { formatPath, type Path, type Problem, sortProblems } from './problem.ts';
import { resolveTemplate } from './resolve.ts';
import { type Salvaged, salvage } from './salvage.ts';
import type { CompileExpression, ReportOptions, Scene } from './scene.ts';
import type { Authored, Registries, TemplateSchema } from './schema.ts';
import { startsWith } from './tree.ts';
import type { Template } from './types.ts';
import { validateChecks } from './validate-checks.ts';
import { validateComponents } from './validate-components.ts';
import { validateFaults, validateWatches } from './validate-events.ts';
import { validateFiles } from './validate-files.ts';
import { validateParameters } from './validate-parameters.ts';
import { validateSteps } from './validate-steps.ts';
import { validateStructure } from './validate-structure.ts';
import { validateTasks } from './validate-tasks.ts';
import { validateTrials } from './validate-trials.ts';
import { readYaml, type YamlDocument } from './yaml-document.ts';

export const templateFile = 'lab.yaml';

export interface ParsedTemplate {
  /** Null when there is an error among the problems. */
  readonly template: Template | null;
  /** Errors and warnings, by place. */
  readonly problems: readonly Problem[];
}

export interface ParseOptions extends Registries {
  readonly schema: TemplateSchema;
  readonly compile: CompileExpression;
}

/**
 * Parses and validates `lab.yaml` among a folder's files. Never throws, whatever the bytes: all problems are returned
 * at once.
 *
 * @param folder the folder's name, which must be the template's id; null when it has none.
 */
export function parseTemplate(
  files: ReadonlyMap<string, Uint8Array>,
  folder: string | null,
  options: ParseOptions,
): ParsedTemplate {
  const bytes = files.get(templateFile);
  if (bytes === undefined) {
    const message = `the folder has no ${templateFile}`;
    const problem = {
      file: templateFile,
      line: 1,
      column: 1,
      severity: 'error',
      code: 'missing_file',
      message,
    } as const;
    return { template: null, problems: [problem] };
  }
  const yaml = readYaml(bytes, templateFile);
  const problems: Problem[] = [...yaml.problems];
  if (!yaml.readable) return { template: null, problems: sortProblems(problems) };

  const salvaged = salvage(options.schema, yaml.raw);
  const said = new Set<string>();
  for (const finding of salvaged.findings) {
    const { path, what, code, message } = finding;
    const place = yaml.place(path, what);
    // What an alias repeats is one mistake, at one place.
    const key = JSON.stringify([place, withoutPath(finding)]);
    if (said.has(key)) continue;
    said.add(key);
    problems.push({ file: templateFile, ...place, severity: 'error', code, message });
  }
  const scene = sceneOf(files, yaml, salvaged, options, problems);
  const { id } = salvaged.authored;
  if (folder !== null && id !== undefined && id !== folder) {
    scene.report(
      ['id'],
      'bad_name',
      `the id is "${id}", the folder is called "${folder}": they must be the same`,
    );
  }
  validateStructure(scene);
  validateComponents(scene);
  validateParameters(scene);
  const trials = validateTrials(scene);
  validateWatches(scene);
  const faults = validateFaults(scene);
  validateChecks(scene, trials.views);
  const steps = { ...validateSteps(scene), trials: trials.placed, faults };
  validateTasks(scene, steps);
  validateFiles(scene);

  lint(scene);
  const failed = problems.some((problem) => problem.severity === 'error');
  return {
    template: failed ? null : resolveTemplate(salvaged.authored as Authored, steps),
    problems: sortProblems(problems),
  };
}

const withoutPath = ({ path, message }: Finding) =>
  message.replace(formatPath(path), '').replace(formatPath(path.slice(0, -1)), '');

function sceneOf(
  files: ReadonlyMap<string, Uint8Array>,
  yaml: YamlDocument,
  salvaged: Salvaged,
  options: ParseOptions,
  problems: Problem[],
): Scene {
  const { findings, removed, written } = salvaged;
  const broken: readonly Path[] = [
    ...removed,
    ...findings.filter((finding) => finding.code === 'unsupported').map((finding) => finding.path),
  ];
  return {
    registries: options,
    compile: options.compile,
    files,
    authored: salvaged.authored,
    written: salvaged.mended,
    declared: yaml.raw,
    report(path, code, message, { what = 'value', offset, severity = 'error' }: ReportOptions = {}) {
      const place = written(path);
      const at = offset === undefined ? yaml.place(place, what) : yaml.placeInText(place, offset);
      problems.push({ file: templateFile, ...at, severity, code, message });
    },
    reportIn(file, text, offset, code, message, severity = 'error') {
      const before = text.slice(0, offset).split('\n');
      const place = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
      problems.push({ file, ...place, severity, code, message });
    },
    tainted: (path) => broken.some((one) => startsWith(one, written(path))),
  };
}
