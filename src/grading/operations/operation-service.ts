/** What people set off on a live lab: the buttons of its faults, and tasks that are done for them. */
import { LabError } from '../../lab/errors.ts';
import { requireSandbox, requireTask } from '../../lab/guards.ts';
import type { Caller, LabService } from '../../lab/lab-service.ts';
import type { LabQueue, OperationStore } from '../../lab/ports.ts';
import type { Judge } from '../judge/thread.ts';
import { openTasks } from '../open-tasks.ts';
import type { AttemptStore } from '../types.ts';
import { pressButton } from './press-button.ts';

export interface OperationServiceDeps {
  readonly labs: Pick<LabService, 'getLabWithTemplate'>;
  readonly attempts: Pick<AttemptStore, 'progress'>;
  readonly operations: Pick<OperationStore, 'listOperations' | 'plantOperation' | 'triggerOperation'>;
  readonly judge: Pick<Judge, 'evaluate'>;
  readonly queue: Pick<LabQueue, 'wake'>;
  /** The nearest known word, or null. */
  readonly nearest: (word: string, known: readonly string[]) => string | null;
}

export interface Skipped {
  readonly task: string;
  /** Points that it costs once it is done. */
  readonly penalty: number;
}

export type OperationService = ReturnType<typeof createOperationService>;

export function createOperationService(deps: OperationServiceDeps) {
  return {
    /**
     * Presses a button of the lab, by its text or by its fault's id. What it sets off happens once, however often it is
     * pressed. Throws `button_not_found`, `not_yet`, `lab_not_ready`, `lab_ended`.
     */
    async press(caller: Caller, labId: string, button: string): Promise<void> {
      const { lab, sandbox, version } = await deps.labs.getLabWithTemplate(caller, labId);
      requireSandbox(lab, sandbox);
      await pressButton(labId, version.template, button, deps);
    },

    /**
     * Has a task done for the trainee, for its price. Asking twice is asking once.
     * Throws `task_not_found`, `nothing_to_skip`, `not_yet`, `conflict` when it was tried and failed, `lab_not_ready`,
     * `lab_ended`.
     */
    async skip(caller: Caller, labId: string, taskId: string): Promise<Skipped> {
      const { lab, sandbox, version } = await deps.labs.getLabWithTemplate(caller, labId);
      requireSandbox(lab, sandbox);
      const { template } = version;
      const task = requireTask(template, taskId, deps.nearest);
      if (task.skip === null) {
        throw new LabError(
          'nothing_to_skip',
          `Task "${taskId}" is yours to do: its template skips none of it.`,
        );
      }
      const { penalty } = task.skip;
      const [passed, operations] = await Promise.all([
        deps.attempts.progress(labId),
        deps.operations.listOperations(labId),
      ]);
      const earlier = operations.find(({ kind, name }) => kind === 'skip' && name === taskId);
      if (earlier?.state === 'failed') {
        const why = caller.role === 'trainee' ? '' : ` ${earlier.detail ?? ''}`;
        throw new LabError('conflict', `Task "${taskId}" could not be done for you.${why}`);
      }
      if (earlier !== undefined) return { task: taskId, penalty };
      if (task.checks.every((id) => passed.some((one) => one.checkId === id))) {
        throw new LabError('nothing_to_skip', `All checks of task "${taskId}" have passed already.`);
      }
      const open = await openTasks({ template, params: lab.params, passed, operations }, deps.judge);
      if (!open.has(taskId)) {
        throw new LabError(
          'not_yet',
          `Task "${taskId}" is not open yet: what comes before it is to be done first.`,
        );
      }
      await deps.operations.plantOperation(labId, { kind: 'skip', name: taskId, dueInSeconds: 0 });
      // The row is due by itself: a lost ring only delays it to the next sweep.
      await deps.queue.wake(`operation:${labId}/skip/${taskId}`).catch(() => undefined);
      return { task: taskId, penalty };
    },
  };
}
