/**
 * What people may ask of grading: attempts, answers, hints, and how far a lab has come. What a trainee gets holds no
 * internal message, no evidence and no verdict that the template keeps until the work is handed in.
 */
import type { Ids } from '../lab/clock.ts';
import { LabError } from '../lab/errors.ts';
import { requireSandbox } from '../lab/guards.ts';
import type { Caller, LabService } from '../lab/lab-service.ts';
import type { LabQueue } from '../lab/ports.ts';
import type { CheckSpec, QuestionSpec, Template } from '../templates/types.ts';
import type { Attempt, AttemptState, AttemptStore, CheckResult, Scope, Value, Verdict } from './types.ts';
import { createFiller } from './values/fill.ts';

export interface AttemptServiceDeps {
  readonly labs: Pick<LabService, 'getLabWithTemplate' | 'access'>;
  readonly attempts: AttemptStore;
  readonly queue: Pick<LabQueue, 'wake'>;
  readonly ids: Pick<Ids, 'attempt'>;
  /** The nearest known word, or null. */
  readonly nearest: (word: string, known: readonly string[]) => string | null;
}

export interface CheckView {
  readonly check: string;
  readonly title: string;
  /** False: the template keeps the verdict until a final attempt. */
  readonly shown: boolean;
  readonly verdict: Verdict | null;
  readonly points: number | null;
  readonly maxPoints: number;
  readonly message: string | null;
  /** Instructors only. */
  readonly internal?: string | null;
  /** Instructors only: content addresses by observation. */
  readonly evidence?: Readonly<Record<string, string>>;
}

export interface AttemptView {
  readonly number: number;
  readonly final: boolean;
  readonly state: AttemptState;
  readonly requestedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** Of the checks that are shown, hints already taken off; null until it is finished. */
  readonly points: number | null;
  readonly maxPoints: number;
  readonly penalty: number;
  /** Checks whose verdict is kept back; they count in neither `points` nor `maxPoints`. */
  readonly hiddenChecks: number;
  readonly voidReason: string | null;
  readonly results: readonly CheckView[];
}

export interface HintView {
  /** 1, 2, 3 … */
  readonly number: number;
  readonly text: string;
  readonly penalty: number;
}

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
  /** Null: not answered yet. */
  readonly given: string | number | null;
}

export interface LabProgress {
  readonly lab: string;
  /** Of the checks that are shown, hints already taken off, never below 0. */
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

export interface Guide {
  /** Markdown. */
  readonly instructions: string;
  readonly tasks: readonly { readonly id: string; readonly title: string; readonly text: string | null }[];
}

const maxAnswerLength = 2_000;

export type AttemptService = ReturnType<typeof createAttemptService>;

export function createAttemptService(deps: AttemptServiceDeps) {
  const { labs, attempts } = deps;

  async function open(caller: Caller, labId: string) {
    const { lab, sandbox, version } = await labs.getLabWithTemplate(caller, labId);
    return { lab, sandbox, version, template: version.template };
  }

  function known<T extends { readonly id: string }>(
    kind: 'check' | 'question',
    id: string,
    list: readonly T[],
  ): T {
    const found = list.find((one) => one.id === id);
    if (found !== undefined) return found;
    const words = list.map((one) => one.id);
    const near = deps.nearest(id, words);
    throw new LabError(
      `${kind}_not_found`,
      `There is no ${kind} "${id}" in this lab. ${near === null ? `Known: ${words.join(', ') || 'none'}.` : `Did you mean "${near}"?`}`,
      { extra: { known: words, ...(near === null ? {} : { suggestion: near }) } },
    );
  }

  return {
    /**
     * Asks for the lab to be graded. `final` hands it in: the grade is recorded once.
     * Throws `lab_not_ready`, `lab_ended`, `attempt_running`, `too_soon`, `conflict` when it was handed in before.
     */
    async requestAttempt(
      caller: Caller,
      labId: string,
      options: { readonly final: boolean },
    ): Promise<AttemptView> {
      const { lab, sandbox, template } = await open(caller, labId);
      requireSandbox(lab, sandbox);
      const attempt = await attempts.requestAttempt(labId, {
        id: deps.ids.attempt(),
        final: options.final,
        maxPoints: total(template.checks),
        // Handing in right after a look at one's standing must not be refused.
        everySeconds: options.final ? 0 : template.grading.onDemandEverySeconds,
      });
      // The row is due by itself: a lost ring only delays it to the next sweep.
      await deps.queue.wake(`attempt:${attempt.id}`).catch(() => undefined);
      return viewAttempt(attempt, template, caller);
    },

    /** Oldest first. */
    async listAttempts(caller: Caller, labId: string): Promise<readonly AttemptView[]> {
      const { template } = await open(caller, labId);
      return (await attempts.listAttempts(labId)).map((one) => viewAttempt(one, template, caller));
    },

    /** Throws `attempt_not_found`. */
    async getAttempt(caller: Caller, labId: string, number: number): Promise<AttemptView> {
      const { template } = await open(caller, labId);
      const attempt = await attempts.getAttempt(labId, number);
      if (attempt !== null) return viewAttempt(attempt, template, caller);
      throw new LabError('attempt_not_found', `Lab "${labId}" has no attempt ${number}.`);
    },

    /** Records an answer, normalised as the question says. Throws `question_not_found`, `validation_failed`, `lab_ended`. */
    async putAnswer(
      caller: Caller,
      labId: string,
      question: string,
      value: string | number,
    ): Promise<{ readonly question: string; readonly value: string | number }> {
      const { lab, sandbox, template } = await open(caller, labId);
      const spec = known('question', question, template.questions);
      requireSandbox(lab, sandbox);
      const answer = acceptAnswer(spec, value);
      await attempts.putAnswer(labId, question, answer);
      return { question, value: answer };
    },

    /**
     * Takes the next hint of a check, or gives one again that was taken before, so that a repeated request costs
     * nothing when it names its `number`. Throws `check_not_found`, `lab_ended`, `validation_failed`, `conflict` when
     * there is none left.
     */
    async takeHint(
      caller: Caller,
      labId: string,
      checkId: string,
      number: number | null = null,
    ): Promise<HintView> {
      const { lab, sandbox, template } = await open(caller, labId);
      const check = known('check', checkId, template.checks);
      requireSandbox(lab, sandbox);
      const scope = { params: visibleParams(template, lab.params) };
      const taken = (await attempts.hintsTaken(labId))[checkId] ?? 0;
      const wanted = number ?? taken + 1;
      if (wanted > check.hints.length) {
        const all = check.hints.length === 0 ? 'has no hints' : `has ${check.hints.length} hints, no more`;
        throw new LabError('conflict', `Check "${checkId}" ${all}.`, {
          extra: { available: check.hints.length, taken },
        });
      }
      if (wanted > taken + 1) {
        throw invalid('number', String(wanted), `at most ${taken + 1}: hints are taken in order`);
      }
      const at = wanted <= taken ? wanted : await attempts.takeHint(labId, checkId, wanted);
      const hint = hintView(check, Math.min(at, wanted), scope);
      if (hint !== null) return hint;
      throw new LabError('internal', `hint ${at} of ${checkId} is not there`);
    },

    /** How far a lab has come: what its page shows. */
    async progress(caller: Caller, labId: string): Promise<LabProgress> {
      const { lab, template } = await open(caller, labId);
      const [all, passed, hints, answers] = await Promise.all([
        attempts.listAttempts(labId),
        attempts.progress(labId),
        attempts.hintsTaken(labId),
        attempts.answers(labId),
      ]);
      const finished = all.filter((one) => one.state === 'finished');
      const latest = finished.at(-1);
      const final = finished.find((one) => one.final);
      const scope = { params: visibleParams(template, lab.params) };

      const standing = (check: CheckSpec): CheckStanding => {
        const reveal = revealed(check, final !== undefined, caller);
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
        points: Math.max(0, shown.reduce((sum, check) => sum + (check.points ?? 0), 0) - penalty),
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
          given: Object.hasOwn(answers, question.id) ? (answers[question.id] ?? null) : null,
        })),
      };
    },

    /**
     * The instructions and task texts as markdown, with this lab's own values filled in. Once the lab has ended its
     * connection facts show as a dash. Throws `lab_not_ready`.
     */
    async guide(caller: Caller, labId: string): Promise<Guide> {
      const { lab, sandbox, version, template } = await open(caller, labId);
      const over = lab.phase === 'terminating' || lab.phase === 'terminated';
      if (!over) requireSandbox(lab, sandbox);
      const facts = over ? {} : await labs.access(caller, labId);
      const access = Object.fromEntries(Object.entries(facts).map(([name, one]) => [name, one.facts]));
      const scope: Scope = { params: visibleParams(template, lab.params), access };
      const read = (path: string): string => {
        const bytes = version.files.get(path);
        if (bytes === undefined) throw new LabError('internal', `template file ${path} is missing`);
        return fillText(Buffer.from(bytes).toString('utf8'), scope);
      };
      return {
        instructions: read(template.instructions),
        tasks: template.tasks.map(({ id, title, text }) => ({
          id,
          title,
          text: text === null ? null : read(text),
        })),
      };
    },
  };
}

/** What this caller may know of a check's outcome. `titleOnly` never tells why: the message would give it away. */
function revealed(check: CheckSpec, submitted: boolean, caller: Caller) {
  if (caller.role !== 'trainee' || check.visible === 'always') return { verdict: true, message: true };
  return { verdict: submitted, message: submitted && check.visible === 'afterSubmit' };
}

/** An attempt as this caller may see it. Pure. */
function viewAttempt(attempt: Attempt, template: Template, caller: Caller): AttemptView {
  const checks = new Map(template.checks.map((check) => [check.id, check]));
  const results = attempt.results.map((result) => {
    const check = checks.get(result.checkId);
    return viewResult(result, check, caller, attempt.final);
  });
  const hidden = template.checks.filter((check) => !revealed(check, attempt.final, caller).verdict);
  const { number, final, state, requestedAt, startedAt, finishedAt, penalty, voidReason } = attempt;
  const shownPoints = Math.max(0, results.reduce((sum, one) => sum + (one.points ?? 0), 0) - penalty);
  return {
    number,
    final,
    state,
    requestedAt,
    startedAt,
    finishedAt,
    // The total would tell what is kept back.
    points: attempt.points === null || hidden.length === 0 ? attempt.points : shownPoints,
    maxPoints: attempt.maxPoints - total(hidden),
    penalty,
    hiddenChecks: hidden.length,
    voidReason,
    results,
  };
}

function viewResult(
  result: CheckResult,
  check: CheckSpec | undefined,
  caller: Caller,
  final: boolean,
): CheckView {
  const title = check?.title ?? result.checkId;
  const reveal = check === undefined ? { verdict: true, message: true } : revealed(check, final, caller);
  const base = { check: result.checkId, title, shown: reveal.verdict, maxPoints: result.maxPoints };
  if (!reveal.verdict) return { ...base, verdict: null, points: null, message: 'Shown after you submit.' };
  const { verdict, points, internal, evidence } = result;
  const message = reveal.message ? result.message : null;
  const view = { ...base, verdict, points, message };
  return caller.role === 'trainee' ? view : { ...view, internal, evidence };
}

function hintView(check: CheckSpec, number: number, scope: Scope): HintView | null {
  const hint = check.hints[number - 1];
  return hint === undefined ? null : { number, text: fillText(hint.text, scope), penalty: hint.penalty };
}

/** The parameters that text for people may show; what is to be redacted is not readable in any of it. */
function visibleParams(
  template: Template,
  params: Readonly<Record<string, Value>> | null,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    Object.entries(params ?? {}).map(([name, value]) => [name, isSecret(template, name) ? '•••' : value]),
  );
}

function isSecret(template: Template, name: string): boolean {
  const spec = template.parameters[name];
  return spec?.redact === true || spec?.draw === 'secret';
}

/** Text for people; what is missing shows as a dash. */
function fillText(text: string, scope: Scope): string {
  return createFiller(scope, { missing: 'dash' }).text(text);
}

function total(checks: readonly CheckSpec[]): number {
  return checks.reduce((sum, check) => sum + check.points, 0);
}

/** The answer as it is recorded. Throws `validation_failed`. */
function acceptAnswer(question: QuestionSpec, value: string | number): string | number {
  const found = typeof value === 'string' ? `"${value.slice(0, 60)}"` : String(value);
  if (question.kind === 'number') {
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw invalid('value', found, 'a finite number');
  }
  if (typeof value !== 'string') throw invalid('value', found, 'text');
  if (value.length > maxAnswerLength) {
    throw invalid('value', `${value.length} characters`, `at most ${maxAnswerLength} characters`);
  }
  if (question.kind === 'choice') {
    if (question.options.includes(value)) return value;
    throw invalid('value', found, question.options.map((option) => `"${option}"`).join(', '));
  }
  return question.normalise.reduce((text, how) => {
    if (how === 'trim') return text.trim();
    return how === 'lower' ? text.toLowerCase() : text.replace(/\s+/g, ' ');
  }, value);
}

function invalid(field: string, found: string, allowed: string): LabError {
  return new LabError('validation_failed', `${field}: found ${found}; allowed is ${allowed}.`, {
    extra: { errors: [{ field, found, allowed }] },
  });
}
