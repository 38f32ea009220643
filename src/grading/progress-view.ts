/** How far a lab has come, for its page: tasks, checks, hints and questions. Pure. */
import type { Lab, Operation } from '../lab/lab.ts';
import type { Caller } from '../lab/lab-service.ts';
import type { Due } from '../lab/releases/types.ts';
import type { AnswerValue, CheckSpec, QuestionSpec, Template } from '../templates/types.ts';
import { revealed } from './attempt-view.ts';
import { keptBack } from './kept-back.ts';
import { allowanceOf } from './limits.ts';
import { countAttempt, type Judgements } from './people.ts';
import type { Attempt, AttemptHistory, CheckProgress, Scope, Verdict } from './types.ts';
import { fillText, type HintView, hintView } from './visible-text.ts';

export interface CheckStanding {
  readonly id: string;
  readonly title: string;
  readonly maxPoints: number;
  /** `hidden` until a final attempt; `pass` stays once reached. */
  readonly state: 'not_graded' | 'hidden' | Verdict;
  readonly points: number | null;
  readonly passedAt: Date | null;
  /** What the last finished attempt found, which may differ from a pass that was reached before. */
  readonly latest: Verdict | null;
  readonly message: string | null;
  readonly hints: {
    readonly taken: readonly HintView[];
    readonly available: number;
    readonly nextPenalty: number | null;
  };
}

/** What a trainee may set off. */
interface Button {
  readonly button: string;
  readonly state: 'offered' | 'not yet' | 'pressed' | 'done';
}

interface QuestionView {
  readonly id: string;
  readonly kind: QuestionSpec['kind'];
  readonly ask: string;
  readonly options: readonly string[];
  readonly multiple: boolean;
  /** Null: not answered yet. */
  readonly given: AnswerValue | null;
}

/** How often the lab may still be graded without handing it in. */
interface OnDemand {
  readonly used: number;
  /** Null: as many as one likes. */
  readonly attempts: number | null;
  readonly left: number | null;
  /** When the next one is possible; null: at once, or never when none is left. */
  readonly nextAt: Date | null;
  /** Why not before. */
  readonly because: 'every' | 'coolDown' | null;
}

export interface LabProgress {
  readonly lab: string;
  /** Of the checks that are shown; a check's points are net of the hints taken before its attempt. */
  readonly points: number;
  readonly maxPoints: number;
  readonly penalty: number;
  readonly latestAttempt: number | null;
  /** The final attempt, once it is finished: the grade. */
  readonly submitted: {
    readonly attempt: number;
    readonly at: Date;
    readonly points: number;
    /** By how much it came after its class's time, where that is marked. */
    readonly lateSeconds: number | null;
  } | null;
  readonly onDemand: OnDemand;
  /** When the lab's class is to hand in, and what becomes of later work. */
  readonly due: Due | null;
  readonly tasks: readonly {
    readonly id: string;
    readonly title: string;
    /** False: its text is shown when what it waits for is done. */
    readonly open: boolean;
    /** The state after it was kept: one can rewind to it. Null where none will be. */
    readonly checkpoint: 'to come' | 'kept' | null;
    /** It can be done for the trainee, or was. Null where it cannot. */
    readonly skip: { readonly penalty: number; readonly state: 'offered' | 'running' | 'done' } | null;
    readonly checks: readonly CheckStanding[];
  }[];
  readonly buttons: readonly Button[];
  readonly questions: readonly QuestionView[];
}

export interface ProgressFacts {
  readonly lab: Lab;
  readonly template: Template;
  readonly caller: Caller;
  readonly attempts: readonly Attempt[];
  readonly passed: readonly CheckProgress[];
  readonly judgements: Judgements;
  readonly operations: readonly Operation[];
  readonly history: AttemptHistory;
  /** Ids of the tasks that are open by now. */
  readonly open: ReadonlySet<string>;
  readonly hints: Readonly<Record<string, number>>;
  readonly answers: Readonly<Record<string, AnswerValue>>;
  /** What hints and questions may show. */
  readonly scope: Scope;
}

/** Passes once reached stay shown; what the template keeps back stays hidden until a final attempt. */
export function viewProgress(facts: ProgressFacts): LabProgress {
  const { lab, template, caller, attempts, passed, hints, answers, scope } = facts;
  const finished = attempts.filter((one) => one.state === 'finished');
  const latest = finished.at(-1);
  const final = finished.find((one) => one.final);
  const kept = keptBack(template);
  const results = latest === undefined ? [] : countAttempt(latest, template, facts.judgements).results;
  const operation = (kind: Operation['kind'], name: string) =>
    facts.operations.find((one) => one.kind === kind && one.name === name);

  const standing = (check: CheckSpec): CheckStanding => {
    const reveal = revealed(check, kept, final !== undefined, caller);
    const found = results.find((one) => one.checkId === check.id);
    const sticky = passed.find((one) => one.checkId === check.id);
    const taken = Math.min(hints[check.id] ?? 0, check.hints.length);
    const base = {
      id: check.id,
      title: check.title,
      maxPoints: found?.maxPoints ?? check.points,
      hints: {
        taken: check.hints.slice(0, taken).flatMap((_, i) => hintView(check, i + 1, scope) ?? []),
        available: check.hints.length,
        nextPenalty: check.hints[taken]?.penalty ?? null,
      },
    };
    if (!reveal.verdict) {
      const message = 'Shown after you submit.';
      return { ...base, state: 'hidden', points: null, passedAt: null, latest: null, message };
    }
    const verdict = found?.verdict ?? null;
    return {
      ...base,
      state: sticky !== undefined ? 'pass' : (verdict ?? 'not_graded'),
      points: found === undefined && !sticky ? null : Math.max(sticky?.points ?? 0, found?.points ?? 0),
      passedAt: sticky?.passedAt ?? null,
      latest: verdict,
      message: reveal.message ? (found?.message ?? null) : null,
    };
  };

  const inTasks = new Set(template.tasks.flatMap((task) => task.checks));
  const rest = template.checks.filter((check) => !inTasks.has(check.id)).map((check) => check.id);
  const others = { id: 'also', title: 'Also looked at', checks: rest, checkpoint: false, skip: null };
  const groups = rest.length === 0 ? [] : [others];
  const tasks = [...template.tasks, ...groups].map(({ id, title, checks, checkpoint, skip }) => ({
    id,
    title,
    open: id === others.id || facts.open.has(id),
    checkpoint: checkpoint ? keptState(operation('checkpoint', id)) : null,
    skip: skip === null ? null : { penalty: skip.penalty, state: skipState(operation('skip', id)) },
    checks: template.checks.filter((check) => checks.includes(check.id)).map(standing),
  }));
  const shown = tasks.flatMap((task) => task.checks).filter((check) => check.state !== 'hidden');
  const penalty = tasks
    .flatMap((task) => task.checks.flatMap((check) => check.hints.taken))
    .reduce((sum, hint) => sum + hint.penalty, 0);
  return {
    lab: lab.id,
    points: shown.reduce((sum, check) => sum + (check.points ?? 0), 0),
    maxPoints: shown.reduce((sum, check) => sum + check.maxPoints, 0),
    penalty,
    latestAttempt: latest?.number ?? null,
    submitted:
      final?.finishedAt == null
        ? null
        : {
            attempt: final.number,
            at: final.finishedAt,
            points: countAttempt(final, template, facts.judgements).points ?? 0,
            lateSeconds: final.lateSeconds ?? null,
          },
    onDemand: onDemandOf(facts),
    due: facts.history.due,
    tasks,
    buttons: template.faults.flatMap(({ id, when }) =>
      when.on === 'press'
        ? [{ button: when.button, state: buttonState(operation('fault', id), when.after, passed) }]
        : [],
    ),
    questions: template.questions.map((question) => ({
      id: question.id,
      kind: question.kind,
      ask: fillText(question.ask, scope),
      options: question.options,
      multiple: question.multiple,
      given: Object.hasOwn(answers, question.id) ? (answers[question.id] ?? null) : null,
    })),
  };
}

function onDemandOf({ template, history }: ProgressFacts): OnDemand {
  const { grading } = template;
  const { used, left, pause } = allowanceOf(
    history.earlier,
    { ...grading, hidden: keptBack(template) },
    grading.onDemandEverySeconds,
    history.now,
  );
  const next = left === 0 ? null : pause;
  return {
    used,
    attempts: grading.attempts ?? null,
    left,
    nextAt: next?.until ?? null,
    because: next?.because ?? null,
  };
}

function keptState(operation: Operation | undefined): 'to come' | 'kept' {
  return operation?.state === 'done' ? 'kept' : 'to come';
}

function skipState(operation: Operation | undefined): 'offered' | 'running' | 'done' {
  if (operation === undefined || operation.state === 'failed') return 'offered';
  return operation.state === 'done' ? 'done' : 'running';
}

function buttonState(
  operation: Operation | undefined,
  after: string | null,
  passed: readonly CheckProgress[],
): Button['state'] {
  if (operation?.state === 'running') return 'pressed';
  if (operation?.state === 'done' || operation?.state === 'failed') return 'done';
  return after === null || passed.some((one) => one.checkId === after) ? 'offered' : 'not yet';
}
