import type { Problem } from '../templates/problem.ts';
import type { Defect, DefectCode } from './types.ts';

/**
 * What reading a template found, as defects: its errors, and those warnings that no proof lets pass. Other warnings are
 * a matter of style, which `template lint` tells.
 */
export function defectsByReading(problems: readonly Problem[]): readonly Defect[] {
  return problems.flatMap((problem) => {
    const code = codeOf(problem);
    if (code === null) return [];
    const { file, line, message } = problem;
    return [{ code, severity: 'error', message, run: null, check: null, file, line }];
  });
}

function codeOf({ code, severity }: Problem): DefectCode | null {
  if (code === 'secret_shown') return 'secret-told';
  if (code === 'no_noise') return 'timing-unbanded';
  return severity === 'error' ? 'does-not-load' : null;
}
