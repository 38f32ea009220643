/** What an author names of a template. All throw LabError that suggests the nearest word. Pure. */
import { LabError } from '../lab/errors.ts';
import { didYouMean } from '../templates/suggest.ts';
import type { CheckSpec, StepSpec, Template, WrongSpec } from '../templates/types.ts';

/** @param word its id, or its number from 1. */
export function findCheck({ checks }: Template, word: string): CheckSpec {
  const known = checks.map(({ id }) => id);
  const found =
    checks.find(({ id }) => id === word) ?? (/^\d+$/.test(word) ? checks[Number(word) - 1] : null);
  return found ?? refuse('check', word, known);
}

/** @param name empty: the first. */
export function findSolution({ solutions }: Template, name: string): readonly StepSpec[] {
  const known = Object.keys(solutions);
  const wanted = name === '' ? (known[0] ?? '') : name;
  return (
    (Object.hasOwn(solutions, wanted) ? solutions[wanted] : undefined) ?? refuse('solution', wanted, known)
  );
}

export function findWrong({ wrong }: Template, name: string): WrongSpec {
  return (
    wrong.find(({ id }) => id === name) ??
    refuse(
      'wrong way',
      name,
      wrong.map(({ id }) => id),
    )
  );
}

/** @param word a step's id, with its solution or wrong way and a dot before it where several have it. */
export function findStep({ solutions, wrong }: Template, word: string): StepSpec {
  const ways = [...Object.entries(solutions), ...wrong.map(({ id, steps }) => [id, steps] as const)];
  const all = ways.flatMap(([way, steps]) =>
    steps.map((step) => ({ as: [step.id, `${way}.${step.id}`], step })),
  );
  const found = all.find(({ as }) => as.includes(word));
  return found?.step ?? refuse('step', word, [...new Set(all.flatMap(({ as }) => as))]);
}

export function refuse(what: string, word: string, known: readonly string[]): never {
  const hint = didYouMean(word, known) || `; known: ${known.join(', ') || 'none'}`;
  const code = what === 'check' ? 'check_not_found' : 'not_found';
  const message = word === '' ? `Name a ${what}${hint}.` : `This template has no ${what} "${word}"${hint}`;
  throw new LabError(code, message, { extra: { known } });
}
