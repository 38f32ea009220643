/** Where in a template's folder a defect is to be mended, as far as its kind tells. */
import { templateFile } from '../templates/parse.ts';
import type { Path } from '../templates/problem.ts';
import type { TemplateVersion } from '../templates/types.ts';
import { readYaml } from '../templates/yaml-document.ts';
import type { RunFacts } from './facts.ts';
import type { Defect, DefectCode } from './types.ts';

type Place = Pick<Defect, 'file' | 'line'>;

/** @param run what it was found on; null: the whole template. */
export type FindPlace = (
  code: DefectCode,
  check: string | null,
  run: Pick<RunFacts, 'kind' | 'of' | 'dropped'> | null,
) => Place;

export function findPlaces({ template, files }: Pick<TemplateVersion, 'template' | 'files'>): FindPlace {
  const bytes = files.get(templateFile);
  if (bytes === undefined) return () => ({ file: null, line: null });
  const document = readYaml(bytes, templateFile);

  const checkAt = (id: string): Path => ['checks', template.checks.findIndex((one) => one.id === id)];
  const wrongAt = (id: string): Path => ['wrong', template.wrong.findIndex((one) => one.id === id)];
  const stepAt = (solution: string, step: string): Path => {
    const authored = valueAt(document.raw, ['solutions', solution]);
    const at = Array.isArray(authored) ? authored.findIndex((one) => valueAt(one, ['id']) === step) : -1;
    // A step that came with `use:` stands in another solution.
    return at < 0 ? ['solutions', solution] : ['solutions', solution, at];
  };

  function pathOf(...[code, check, run]: Parameters<FindPlace>): Path {
    if (code === 'over-budget') return ['test'];
    if (run?.kind === 'wrong' && code !== 'grading-errs') return wrongAt(run.of);
    if (run?.dropped != null) return stepAt(run.of, run.dropped);
    if (check !== null) return checkAt(check);
    return run === null || run.kind === 'start' ? [] : ['solutions', run.of];
  }

  return (...about) => {
    const path = pathOf(...about);
    const { line } = document.place(path, path.length === 2 && path[0] === 'solutions' ? 'key' : 'value');
    return { file: templateFile, line };
  };
}

function valueAt(raw: unknown, path: Path): unknown {
  let value = raw;
  for (const part of path) {
    if (value === null || typeof value !== 'object') return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}
