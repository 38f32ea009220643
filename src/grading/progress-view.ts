/** How far a lab has come, for its page: tasks, checks, hints and questions. Pure. */
import type { Lab } from '../lab/lab.ts';
import type { Caller } from '../lab/lab-service.ts';
import type { AnswerValue, CheckSpec, QuestionSpec, Template } from '../templates/types.ts';
import { revealed } from './attempt-view.ts';
import { keptBack } from './kept-back.ts';
import type { Attempt, CheckProgress, Scope, Verdict } from './types.ts';
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

interface QuestionView {
  readonly id: string;
  readonly kind: QuestionSpec['kind'];
  readonly ask: string;
  readonly options: readonly string[];
  readonly multiple: boolean;
  /** Null: not answered yet. */
  readonly given: AnswerValue | null;
}

export interface LabProgress {
  readonly lab: string;
  /** Of the checks that are shown; a check's points are net of the hints taken before its attempt. */
  readonly points: number;
  readonly maxPoints: number;
  readonly penalty: number;
  readonly latestAttempt: number | null;
  /** The final attempt, once it is finished: the grade. */
  readonly submitted: { readonly attempt: number; readonly at: Date; readonly points: number } | null;
  readonly tasks: readonly {
    readonly id: string;
    readonly title: string;
    readonly checks: readonly CheckStanding[];
  }[];
  readonly questions: readonly QuestionView[];
}

export interface ProgressFacts {
  readonly lab: Lab;
  readonly template: Template;
  readonly caller: Caller;
  readonly attempts: readonly Attempt[];
  readonly passed: readonly CheckProgress[];
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

  const standing = (check: CheckSpec): CheckStanding => {
    const reveal = revealed(check, kept, final !== undefined, caller);
    const found = latest?.results.find((one) => one.checkId === check.id);
    const sticky = passed.find((one) => one.checkId === check.id);
    const taken = Math.min(hints[check.id] ?? 0, check.hints.length);
    const base = {
      id: check.id,
      title: check.title,
      maxPoints: check.points,
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
  const groups = rest.length === 0 ? [] : [{ id: 'also', title: 'Also looked at', checks: rest }];
  const tasks = [...template.tasks, ...groups].map(({ id, title, checks }) => ({
    id,
    title,
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
        : { attempt: final.number, at: final.finishedAt, points: final.points ?? 0 },
    tasks,
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
