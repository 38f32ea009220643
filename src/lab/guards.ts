/** What must hold before something is done to a lab; each guard throws the error that says why not. */
import type { TaskSpec, Template } from '../templates/types.ts';
import { LabError } from './errors.ts';
import type { Lab, Sandbox } from './lab.ts';
import type { Caller } from './lab-service.ts';

/** The sandbox of a lab that serves. Throws `lab_not_ready` with the state, `lab_ended`. */
export function requireSandbox(lab: Lab, sandbox: Sandbox | null): Sandbox {
  if (lab.phase === 'terminating' || lab.phase === 'terminated') throw ended(lab);
  if (lab.phase === 'paused' || lab.phase === 'resuming') throw asleep(lab);
  if (lab.phase !== 'ready' || sandbox === null) {
    throw new LabError('lab_not_ready', `Lab "${lab.id}" is ${lab.phase}, not ready yet.`, {
      extra: { phase: lab.phase },
      retryAfterSeconds: 2,
    });
  }
  return sandbox;
}

/** The error for what is asked of a lab that is paused: what to do about it. */
export function asleep({ id, phase, pausedBecause }: Pick<Lab, 'id' | 'phase' | 'pausedBecause'>): LabError {
  const why = pausedBecause === 'idle' ? ', for nobody used it' : '';
  const told =
    phase === 'resuming'
      ? `Lab "${id}" was paused and is being resumed: try again in a moment.`
      : `Lab "${id}" is paused${why}: resume it first (POST /labs/${id}/resume, or labwright lab resume ${id}).`;
  const extra = { extra: { phase, pausedBecause } };
  return new LabError(
    'lab_not_ready',
    told,
    phase === 'resuming' ? { ...extra, retryAfterSeconds: 2 } : extra,
  );
}

/** The error for what is asked of a lab that has ended. */
export function ended(lab: Lab): LabError {
  return new LabError('lab_ended', `Lab "${lab.id}" has ended (${lab.endReason ?? lab.phase}).`, {
    extra: { phase: lab.phase, endReason: lab.endReason },
  });
}

/** Throws `component_not_found` with the nearest known name. */
export function requireComponent(
  sandbox: Sandbox,
  name: string,
  nearest: (word: string, known: readonly string[]) => string | null,
): void {
  const known = Object.keys(sandbox.components);
  if (known.includes(name)) return;
  const near = nearest(name, known);
  throw new LabError(
    'component_not_found',
    `components: there is no component "${name}"; this lab has ${known.join(', ')}.${near === null ? '' : ` Did you mean "${near}"?`}`,
    { extra: { field: 'components', known } },
  );
}

/** The task of this id. Throws `task_not_found` with the nearest known one. */
export function requireTask(
  template: Pick<Template, 'tasks'>,
  id: string,
  nearest: (word: string, known: readonly string[]) => string | null,
): TaskSpec {
  const found = template.tasks.find((task) => task.id === id);
  if (found !== undefined) return found;
  const known = template.tasks.map((task) => task.id);
  const near = nearest(id, known);
  const hint = near === null ? `Known: ${known.join(', ') || 'none'}.` : `Did you mean "${near}"?`;
  throw new LabError('task_not_found', `There is no task "${id}" in this lab. ${hint}`, { extra: { known } });
}

/** Throws `forbidden` to trainees. @param what they would do, such as `release a template`. */
export function requireInstructor(caller: Caller, what: string): void {
  if (caller.role !== 'trainee') return;
  throw new LabError('forbidden', `Only an instructor may ${what}.`);
}
