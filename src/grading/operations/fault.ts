/** A fault of the template: what it says when it fires, what it does to the lab, and what it sets off in turn. */

import { LabError } from '../../lab/errors.ts';
import type { Lab, LabEvent } from '../../lab/lab.ts';
import type { Leaving } from '../../lab/leaving.ts';
import type { OperationWork } from '../../lab/ports.ts';
import type { Template, TemplateVersion } from '../../templates/types.ts';
import { fillText, visibleParams } from '../visible-text.ts';
import { type ActingAs, liveSteps } from './live-steps.ts';
import type { End, OperationDeps } from './operation-deps.ts';

/** A fault is nobody's answer and presses nothing. */
const nobody: ActingAs = {
  answers: {},
  answer: async () => {
    throw new LabError('validation_failed', 'A fault answers no questions.');
  },
  press: null,
  asGrader: true,
};

/** What is told when a fault fires; nothing when the template has none of this id. */
export function firedEvent(template: Template, id: string, params: Lab['params']): readonly LabEvent[] {
  const fault = template.faults.find((one) => one.id === id);
  if (fault === undefined) return [];
  const say = fault.say === null ? null : fillText(fault.say, { params: visibleParams(template, params) });
  return [{ type: 'fault.fired', data: { fault: id, say } }];
}

/** Runs its steps. Null when it is left; rejects as `liveSteps` does. */
export async function fireFault(
  work: OperationWork,
  { template }: TemplateVersion,
  deps: OperationDeps,
  leaving: Leaving,
): Promise<End> {
  const { name, labId } = work.operation;
  const fault = template.faults.find((one) => one.id === name);
  if (fault === undefined) throw new LabError('fault_not_found', `There is no fault "${name}" in this lab.`);
  const ran = await liveSteps(work, fault.steps, nobody, deps, leaving);
  if (ran.end === 'left') return null;
  if (ran.end === 'failed') {
    const told: LabEvent = { type: 'fault.failed', data: { fault: name, reason: ran.reason } };
    return { state: 'failed', detail: ran.reason, events: [told] };
  }
  const trigger = template.faults
    .filter(({ when }) => when.on === 'fault' && when.id === name)
    .map(({ id }) => `${labId}/fault/${id}`);
  return { state: 'done', detail: null, events: [{ type: 'fault.done', data: { fault: name } }], trigger };
}
