/** Solutions and wrong ways do what a trainee can: a proof by more than that would prove nothing about trainees. */
import type { PlacedStep } from './edits.ts';
import type { Path } from './problem.ts';
import { componentOf, type Scene } from './scene.ts';
import { isObject, startsWith } from './tree.ts';

/** Reports the steps that were written at `path` and that only the grader can do. */
export function validateRights(scene: Scene, steps: readonly PlacedStep[], path: Path): void {
  for (const step of steps) {
    const found = startsWith(step.path, path) ? beyondTrainee(scene, step) : null;
    if (found === null) continue;
    const message = `${found.what}, which no trainee can; a solution and a wrong way do only what trainees can`;
    scene.report([...step.path, step.kind, ...found.at], 'wrong_value', message);
  }
}

function beyondTrainee(
  scene: Scene,
  { kind, spec }: PlacedStep,
): { readonly what: string; readonly at: Path } | null {
  const hasActor = kind === 'sql' || kind === 'kubernetes';
  if (hasActor && spec.as === 'grader') return { what: 'it is done as the grader', at: ['as'] };
  for (const act of kind === 'kubernetes' ? ['deleteNamespace', 'createNamespace'] : []) {
    if (spec[act] === true) return { what: `"${act}" is done by our hand`, at: [act] };
  }
  const claims = kind === 'http' && isObject(spec.auth) ? spec.auth.claims : undefined;
  // A token that is signed with another secret is a forgery, which anybody can make.
  if (isObject(claims) && claims.secret === undefined) {
    return { what: 'its token is signed with the key of the platform', at: ['auth'] };
  }
  if (kind !== 'stub') return null;
  const stub = componentOf(scene, String(spec.component));
  if (stub?.kind !== 'stub' || (stub.trainee.includes('mood') && spec.expireTokens !== true)) return null;
  return { what: `it steers the partner "${spec.component}"`, at: ['component'] };
}
