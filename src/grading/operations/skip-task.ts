/** A task done for a trainee: steps of a solution, with their rights and in their name. */

import { LabError } from '../../lab/errors.ts';
import type { Leaving } from '../../lab/leaving.ts';
import type { OperationWork } from '../../lab/ports.ts';
import type { StepSpec, TemplateVersion } from '../../templates/types.ts';
import { acceptAnswer } from '../accept-answer.ts';
import { type ActingAs, liveSteps } from './live-steps.ts';
import type { End, OperationDeps } from './operation-deps.ts';
import { pressButton } from './press-button.ts';

/** Runs the steps. Null when it is left; rejects as `liveSteps` does. What failed costs nothing. */
export async function skipTask(
  work: OperationWork,
  { template }: TemplateVersion,
  deps: OperationDeps,
  leaving: Leaving,
): Promise<End> {
  const { name: task, labId } = work.operation;
  const skip = template.tasks.find(({ id }) => id === task)?.skip ?? null;
  if (skip === null) throw new LabError('nothing_to_skip', `Task "${task}" cannot be skipped.`);
  const all = template.solutions[skip.solution] ?? [];
  const steps = skip.steps.flatMap((id): StepSpec[] => all.filter((step) => step.id === id));
  const trainee: ActingAs = {
    answers: await deps.attempts.answers(labId),
    async answer(question, value) {
      const spec = template.questions.find(({ id }) => id === question);
      if (spec === undefined) throw new LabError('question_not_found', `There is no question "${question}".`);
      await deps.attempts.putAnswer(labId, question, acceptAnswer(spec, value));
    },
    press: (button) => pressButton(labId, template, button, deps),
  };
  const ran = await liveSteps(work, steps, trainee, deps, leaving);
  if (ran.end === 'left') return null;
  if (ran.end === 'failed') {
    const message = `Task "${task}" could not be done for you: ${ran.reason}`;
    const told = { type: 'lab.error', data: { code: 'conflict', message } } as const;
    return { state: 'failed', detail: ran.reason, events: [told] };
  }
  const told = { type: 'task.skipped', data: { task, penalty: skip.penalty } } as const;
  return { state: 'done', detail: null, events: [told] };
}
