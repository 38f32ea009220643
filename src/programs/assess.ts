/** Where a percentage comes from, and what is missing of it, in words. Pure. */
import type { Ledger } from './ledger.ts';
import { mean, reaches, rounded, share, show } from './percent.ts';
import type { LabResult } from './record.ts';
import type { CheckPick, Program, Source } from './types.ts';

export interface Standing {
  /** What is not there yet counts as nothing; null: there is nothing yet. */
  readonly percent: number | null;
  readonly passed: boolean;
  /** For the trainee; empty once it is passed. */
  readonly missing: readonly string[];
  /** Why it counts as passed without having been done. */
  readonly waived: string | null;
}

export interface Assessing {
  readonly program: Program;
  readonly ledger: Ledger;
}

/**
 * Of an assessment or a component.
 *
 * @param item what marks of it are recorded under; `waiver` what a waiver is.
 */
export function assess(
  source: Source,
  { item, waiver, pass }: { readonly item: string; readonly waiver: string; readonly pass: number },
  scene: Assessing,
): Standing {
  const waived = scene.ledger.waiver(waiver);
  const found = look(source, item, pass, scene);
  const short =
    found.percent !== null && !reaches(found.percent, pass)
      ? [`${show(found.percent)} of the ${rounded(pass)} % that pass`]
      : [];
  return settle({ ...found, missing: [...short, ...found.missing] }, pass, waived?.comment ?? null);
}

/** A lab as a whole, such as a module. */
export function assessLab(lab: string, pass: number, scene: Assessing): Standing {
  const waived = scene.ledger.waiver(`lab:${lab}`);
  const result = scene.ledger.lab(lab);
  const percent = result === null ? null : share(result.points, result.maxPoints);
  return settle({ percent, missing: labMissing(lab, percent, pass, scene) }, pass, waived?.comment ?? null);
}

type Found = Pick<Standing, 'percent' | 'missing'>;

/** Who was excused counts as having just passed, or better where they did better. */
function settle({ percent, missing }: Found, pass: number, reason: string | null): Standing {
  const counted = reason === null ? percent : Math.max(percent ?? 0, pass);
  const passed = counted !== null && reaches(counted, pass);
  return { percent: counted, passed, missing: passed ? [] : missing, waived: reason };
}

function look(source: Source, item: string, pass: number, scene: Assessing): Found {
  const { ledger, program } = scene;
  switch (source.from) {
    case 'labs': {
      const labs = source.labs.map((lab) => assessLab(lab, pass, scene));
      return together(labs);
    }
    case 'checks':
      return together(source.picks.map((pick) => assessPick(pick, pass, scene)));
    case 'quiz': {
      const asLab = program.labs.some((lab) => lab.id === source.quiz);
      const [given, lab] = [
        ledger.score('quiz', source.quiz),
        asLab ? assessLab(source.quiz, pass, scene) : null,
      ];
      const percents = [given, lab?.percent ?? null].filter((one) => one !== null);
      if (percents.length > 0) return { percent: Math.max(...percents), missing: [] };
      return { percent: null, missing: [`the quiz ${source.quiz} has no result`] };
    }
    case 'rubric': {
      const given = ledger.score('mark', item);
      const of = source.of === null ? '' : ` (${source.of})`;
      if (given !== null) return { percent: given, missing: [] };
      return { percent: null, missing: [`no instructor has marked it yet${of}`] };
    }
  }
}

function together(parts: readonly Found[]): Found {
  const missing = parts.flatMap((part) => part.missing);
  if (parts.every((part) => part.percent === null)) return { percent: null, missing };
  return { percent: mean(parts.map((part) => part.percent ?? 0)), missing };
}

function assessPick(pick: CheckPick, pass: number, scene: Assessing): Found {
  const result = scene.ledger.lab(pick.lab);
  if (result === null || scene.ledger.waiver(`lab:${pick.lab}`) !== null)
    return assessLab(pick.lab, pass, scene);
  const checks = pickChecks(result, pick.words);
  const sum = (of: 'points' | 'maxPoints') => checks.reduce((all, check) => all + check[of], 0);
  const percent = share(sum('points'), sum('maxPoints'));
  return { percent, missing: labMissing(pick.lab, percent, pass, scene) };
}

/** The checks that words name; without any but `!…` it is all others. */
export function pickChecks(
  { checks }: Pick<LabResult, 'checks'>,
  words: readonly string[],
): LabResult['checks'] {
  const without = words.filter((word) => word.startsWith('!')).map((word) => word.slice(1));
  const named = words.filter((word) => !word.startsWith('!'));
  return checks.filter(({ id, tasks }) => {
    if (without.includes(id)) return false;
    if (named.length === 0) return true;
    return named.some((word) => {
      if (word === 'all' || word.startsWith('competency:')) return true;
      if (word === 'task:*') return tasks.length > 0;
      return word.startsWith('task:') ? tasks.includes(word.slice('task:'.length)) : word === id;
    });
  });
}

function labMissing(
  lab: string,
  percent: number | null,
  pass: number,
  { program }: Assessing,
): readonly string[] {
  if (percent !== null) return reaches(percent, pass) ? [] : [`${lab} has ${show(percent)}`];
  if (program.labs.some((one) => one.id === lab && !one.available)) return [`${lab} is not available yet`];
  return [program.counts === 'best' ? `${lab} has not been graded` : `${lab} has not been handed in`];
}
