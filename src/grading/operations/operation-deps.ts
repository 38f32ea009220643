/** What doing an operation needs of the world. */
import type { Clock, Ids } from '../../lab/clock.ts';
import type { Log } from '../../lab/log.ts';
import type {
  ForkStore,
  LabExporter,
  LabQueue,
  LabStore,
  OperationStore,
  SandboxDriver,
  TemplateStore,
} from '../../lab/ports.ts';
import type { BackendName } from '../../templates/types.ts';
import type { Judge } from '../judge/thread.ts';
import type { ActionKind, AttemptStore, ObserverKind } from '../types.ts';

export interface OperationDeps {
  readonly operations: OperationStore;
  readonly forks: Pick<ForkStore, 'startCheckpoint' | 'endFork'>;
  readonly labs: Pick<LabStore, 'getLab' | 'appendEvents'>;
  readonly attempts: Pick<AttemptStore, 'answers' | 'putAnswer' | 'progress'>;
  readonly templates: Pick<TemplateStore, 'load'>;
  readonly drivers: ReadonlyMap<BackendName, SandboxDriver>;
  readonly actions: ReadonlyMap<string, ActionKind>;
  readonly observers: ReadonlyMap<string, ObserverKind>;
  readonly judge: Pick<Judge, 'evaluate'>;
  readonly exporter: Pick<LabExporter, 'write'>;
  readonly queue: Pick<LabQueue, 'wake'>;
  readonly ids: Pick<Ids, 'sandbox'>;
  /** The nearest known word, or null. */
  readonly nearest: (word: string, known: readonly string[]) => string | null;
  /** A whole number between two, both included: the same again for the same seed and name. */
  readonly drawBetween: (seed: string, name: string, from: number, to: number) => number;
  readonly leaseSeconds: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** How an operation ended, as it is recorded; null: it is left to whoever has it, or to the next worker. */
export type End = Parameters<OperationStore['finishOperation']>[2] | null;
