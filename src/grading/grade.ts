/**
 * Grades one lab: looks at everything and runs its trials side by side, judges each check by itself, and settles what
 * depends on what. It records nothing; what it returns is recorded by the caller or thrown away.
 */
import pLimit from 'p-limit';
import type { Log } from '../lab/log.ts';
import type { AnswerValue, Json, Template, TemplateVersion } from '../templates/types.ts';
import { accessScope } from './access-scope.ts';
import { eventsScope } from './fault-times.ts';
import { type CheckRun, checkOrder, createCheckRun, type GradedCheck, isRead } from './grade-check.ts';
import { settle } from './judge/settle.ts';
import type { Judge } from './judge/thread.ts';
import { blockedUntil } from './judge/waiting.ts';
import type { Looking } from './look-all.ts';
import { shareLooks } from './shared-looks.ts';
import { templateFacts } from './template-facts.ts';
import type { Draw } from './trials/drawn.ts';
import type { Forks } from './trials/forks.ts';
import { createLiveLock } from './trials/live-lock.ts';
import { createTrials } from './trials/trials.ts';
import type {
  ActionKind,
  AttemptOutcome,
  CheckProgress,
  CheckResult,
  EvidencePiece,
  LabRecords,
  Mark,
  ObserverKind,
  SandboxHandle,
  Scope,
} from './types.ts';
import { createFiller } from './values/fill.ts';
import { secretsOf } from './values/message.ts';

/** Looks at once: enough to hide their waiting, few enough for a lab's connection limits. */
const looksAtOnce = 6;

export interface GradeInput {
  readonly version: TemplateVersion;
  readonly params: Readonly<Record<string, Json>>;
  readonly answers: Readonly<Record<string, AnswerValue>>;
  readonly hintsTaken: Readonly<Record<string, number>>;
  readonly progress: readonly CheckProgress[];
  /** What people gave, the newest of each check. */
  readonly marks: readonly Mark[];
  /** Tasks that were done for the trainee. */
  readonly skipped: readonly string[];
  readonly sandbox: SandboxHandle;
  /** Why a component of the lab does not serve. */
  readonly whyDown: NonNullable<Looking['whyDown']>;
  readonly records: LabRecords;
  readonly observers: ReadonlyMap<string, ObserverKind>;
  readonly actions: ReadonlyMap<string, ActionKind>;
  readonly judge: Pick<Judge, 'evaluate'>;
  /** Null: the lab cannot be copied, and what a trial would show is unknown. The caller drops them. */
  readonly forks: Pick<Forks, 'image' | 'fork' | 'start'> | null;
  readonly draw: Draw;
  /** What the values of trials are drawn from. */
  readonly seed: string;
  /** Raised by every run of the attempt: from the second on, what live trials may have left is undone first. */
  readonly fence: number;
  /** Of the installation; null: evidence is stored in plain. */
  readonly evidenceKey: Uint8Array | null;
  readonly log: Log;
  /** Only these checks are graded, each by itself, and nothing is looked at that none of them reads. Absent: all. */
  readonly only?: ReadonlySet<string>;
  /** Called with each check's own verdict as soon as it is known, before `needs` are applied. */
  readonly onCheck?: (result: CheckResult) => void;
}

export interface Graded extends AttemptOutcome {
  readonly maxPoints: number;
  /** Each check by itself, as if all that it needs had passed. */
  readonly judged: readonly Pick<GradedCheck, 'result' | 'basis'>[];
  /** params, access and events. */
  readonly scope: Scope;
}

/**
 * Takes at most the template's deadline and what judging takes, and before it as long for copying the lab where trials
 * need that. Rejects only on abort.
 */
export async function gradeLab(input: GradeInput, signal: AbortSignal): Promise<Graded> {
  const { version, params, sandbox, answers, records, observers, evidenceKey } = input;
  const { template } = version;
  const { checks, observations } = wantedOf(template, input.only);
  const inTime = () => performance.now() + template.grading.deadlineSeconds * 1_000;
  let deadline = inTime();
  const events = eventsScope(records.events);
  const scope = { params, access: accessScope(version, sandbox), events };
  const fill = createFiller(scope, { missing: 'throw' });
  const facts = templateFacts(version);
  const lock = createLiveLock();
  const limit = pLimit(looksAtOnce);
  const looking: Looking = {
    version,
    observers,
    limiter: (work) => limit(() => lock.look(work)),
    context: () => ({
      sandbox,
      fill,
      answers,
      records,
      deadlineMs: deadline - performance.now(),
      ...facts,
    }),
    whyDown: input.whyDown,
  };
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const passed = new Set(input.progress.map(({ checkId }) => checkId));
  const sticky = checks.filter((check) => check.sticky && passed.has(check.id));
  const trials = createTrials(
    {
      ...input,
      live: { sandbox, components: Object.keys(template.components), whyDown: input.whyDown },
      lock,
      wanted: new Set(
        checks.flatMap((check) => {
          const waits = blockedUntil(check, records.events, template.faults) !== null;
          return check.trial === null || waits ? [] : [check.trial];
        }),
      ),
      // Of their own: what a trial looks at is not the live lab.
      limiter: pLimit(looksAtOnce),
      deadline: () => deadline,
    },
    either,
  );
  try {
    await trials.prepare();
    deadline = inTime();
    const shared = shareLooks(observations, looking, evidenceKey, either);
    trials.start();
    const run: CheckRun = createCheckRun({
      looking,
      shared,
      trials,
      events,
      marks: input.marks,
      scope,
      secrets: secretsOf(template.parameters, params),
      evidenceKey,
      held: new Set(sticky.map(({ id }) => id)),
      evaluate: (batch) => input.judge.evaluate(batch, either),
      deadline,
      signal: either,
    });
    const judged = await Promise.all(
      checkOrder(checks).map(async (check) => {
        const one = await run(check);
        input.onCheck?.(one.result);
        return one;
      }),
    );
    const results = judged.map((one) => one.result);
    const settled = settle({
      checks,
      tasks: template.tasks,
      judged: Object.fromEntries(results.map((result) => [result.checkId, result])),
      progress: input.progress,
      hintsTaken: input.hintsTaken,
      skipped: input.skipped,
    });
    return { ...settled, judged, scope, evidence: once(judged.flatMap((one) => one.evidence)) };
  } finally {
    // When one check rejects, the others are not left running behind.
    stop.abort(new DOMException('grading has ended', 'AbortError'));
    // A live trial that is under way is undone before anybody else looks.
    await trials.over();
  }
}

function wantedOf(
  { checks, observations }: Template,
  only: ReadonlySet<string> | undefined,
): Pick<Template, 'checks' | 'observations'> {
  if (only === undefined) return { checks, observations };
  const wanted = checks.filter(({ id }) => only.has(id));
  const read = Object.entries(observations).filter(([name]) => wanted.some((check) => isRead(name, check)));
  return { checks: wanted, observations: Object.fromEntries(read) };
}

function once(pieces: readonly EvidencePiece[]): readonly EvidencePiece[] {
  return [...new Map(pieces.map((piece) => [piece.address, piece])).values()];
}
