/** A trainee's button: the fault that it stands for, and whether it may be pressed yet. */
import { LabError } from '../../lab/errors.ts';
import type { LabQueue, OperationStore } from '../../lab/ports.ts';
import type { FaultSpec, FaultTrigger, Template } from '../../templates/types.ts';
import type { AttemptStore } from '../types.ts';

export interface PressDeps {
  readonly attempts: Pick<AttemptStore, 'progress'>;
  readonly operations: Pick<OperationStore, 'triggerOperation'>;
  readonly queue: Pick<LabQueue, 'wake'>;
  /** The nearest known word, or null. */
  readonly nearest: (word: string, known: readonly string[]) => string | null;
}

type Pressed = Extract<FaultTrigger, { readonly on: 'press' }>;

/** Sets the fault off; nothing when it already was. Throws `button_not_found`, `not_yet`. */
export async function pressButton(
  labId: string,
  template: Pick<Template, 'faults' | 'checks'>,
  button: string,
  deps: PressDeps,
): Promise<void> {
  const { fault, when } = buttonOf(template, button, deps.nearest);
  if (when.after !== null) {
    const passed = await deps.attempts.progress(labId);
    if (!passed.some(({ checkId }) => checkId === when.after)) {
      const check = template.checks.find(({ id }) => id === when.after);
      throw new LabError(
        'not_yet',
        `"${when.button}" may be pressed once the check "${check?.title ?? when.after}" has passed.`,
        { extra: { check: when.after } },
      );
    }
  }
  const id = `${labId}/fault/${fault.id}`;
  // False: it was set off before, by an earlier press or by its time. Either way it happens.
  const waited = await deps.operations.triggerOperation(id);
  if (waited) await deps.queue.wake(`operation:${id}`).catch(() => undefined);
}

function buttonOf(
  { faults }: Pick<Template, 'faults'>,
  button: string,
  nearest: PressDeps['nearest'],
): { readonly fault: FaultSpec; readonly when: Pressed } {
  const known = faults.flatMap((fault) => (fault.when.on === 'press' ? [{ fault, when: fault.when }] : []));
  const found = known.find(({ fault, when }) => when.button === button || fault.id === button);
  if (found !== undefined) return found;
  const words = known.map(({ when }) => when.button);
  const near = nearest(button, words);
  const hint = near === null ? `Known: ${words.join(', ') || 'none'}.` : `Did you mean "${near}"?`;
  throw new LabError('button_not_found', `This lab has no button "${button}". ${hint}`, {
    extra: { known: words },
  });
}
