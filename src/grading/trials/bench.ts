/** One sandbox that a trial runs on, with what its steps have saved and seen there so far. */
import { LabError } from '../../lab/errors.ts';
import type { AnswerValue, Json, TemplateVersion, TrialSpec } from '../../templates/types.ts';
import { accessScope } from '../access-scope.ts';
import { eventsScope } from '../fault-times.ts';
import type { Judge } from '../judge/thread.ts';
import type { Limiter, Looking } from '../look-all.ts';
import type { StepWorld } from '../steps.ts';
import { templateFacts } from '../template-facts.ts';
import type {
  ActionKind,
  LabRecords,
  LookContext,
  ObserverKind,
  SandboxHandle,
  Scope,
  Value,
} from '../types.ts';
import { createFiller } from '../values/fill.ts';

/** A sandbox as a trial is given it. */
export interface Side {
  readonly sandbox: SandboxHandle;
  /** The components that it has. */
  readonly components: readonly string[];
  readonly whyDown: NonNullable<Looking['whyDown']>;
}

/** What all trials of an attempt stand in. */
export interface TrialWorld {
  readonly version: TemplateVersion;
  readonly params: Readonly<Record<string, Json>>;
  readonly answers: Readonly<Record<string, AnswerValue>>;
  readonly records: LabRecords;
  readonly observers: ReadonlyMap<string, ObserverKind>;
  readonly actions: ReadonlyMap<string, ActionKind>;
  readonly judge: Pick<Judge, 'evaluate'>;
  readonly limiter: Limiter;
}

export interface Bench {
  readonly world: StepWorld;
  readonly looking: Looking;
  readonly whyDown: Side['whyDown'];
  readonly saved: Record<string, Value>;
  readonly observed: Record<string, Value>;
}

export interface BenchOptions {
  readonly trial: TrialSpec;
  /** The root `attempt`. */
  readonly attempt: Readonly<Record<string, Json>>;
  readonly drawn: StepWorld['drawn'];
  /** Milliseconds that are left of the trial. */
  readonly left: () => number;
  /** When what came after the last look of the trial began. */
  readonly since: () => Date;
}

export function createBench(side: Side, shared: TrialWorld, options: BenchOptions): Bench {
  const { version, params, answers, observers, actions, judge, limiter } = shared;
  const { attempt, drawn, left, since } = options;
  const access = accessScope(version, side.sandbox, side.components);
  const events = eventsScope(shared.records.events);
  const saved: Record<string, Value> = {};
  const observed: Record<string, Value> = {};
  const facts = templateFacts(version);
  const around = (): { scope: Scope; records: LabRecords } => ({
    scope: { params, access, attempt, events, observed: { ...observed } },
    records: { ...shared.records, stepStartedAt: since() },
  });
  const context = (): LookContext => {
    const { scope, records } = around();
    const fill = createFiller({ ...scope, saved: { ...saved } }, { missing: 'throw' });
    return { sandbox: side.sandbox, fill, answers, records, deadlineMs: left(), ...facts };
  };
  return {
    saved,
    observed,
    whyDown: side.whyDown,
    looking: { version, observers, limiter, context, whyDown: side.whyDown },
    world: {
      version,
      sandbox: side.sandbox,
      actions,
      observers,
      judge,
      answers,
      answer: async () => {
        throw new LabError('validation_failed', 'A trial answers no questions.');
      },
      press: null,
      mark: null,
      drawn,
      asGrader: true,
      waitLimitMs: () => Math.max(0, left()),
      deadlineMs: left,
      around: async () => around(),
    },
  };
}
