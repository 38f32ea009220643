/**
 * What people may ask of grading: attempts, answers, hints, and how far a lab has come. What a trainee gets holds no
 * internal message, no evidence and no verdict that the template keeps until the work is handed in.
 */
import type { Ids } from '../lab/clock.ts';
import { LabError } from '../lab/errors.ts';
import { requireSandbox } from '../lab/guards.ts';
import type { Lab } from '../lab/lab.ts';
import type { Caller, LabService } from '../lab/lab-service.ts';
import type { LabQueue, OperationStore } from '../lab/ports.ts';
import type { AnswerValue, Template } from '../templates/types.ts';
import { acceptAnswer, invalid } from './accept-answer.ts';
import { type AttemptView, total, viewAttempt } from './attempt-view.ts';
import type { Judge } from './judge/thread.ts';
import { keptBack } from './kept-back.ts';
import { openTasks } from './open-tasks.ts';
import { type Judgements, noJudgements } from './people.ts';
import { type LabProgress, viewProgress } from './progress-view.ts';
import type { AttemptStore, PeopleStore, Scope } from './types.ts';
import { fillText, type HintView, hintView, visibleParams } from './visible-text.ts';

export interface AttemptServiceDeps {
  readonly labs: Pick<LabService, 'getLabWithTemplate' | 'access'>;
  readonly attempts: AttemptStore;
  readonly people: Pick<PeopleStore, 'marks' | 'overrides' | 'layers'>;
  readonly operations: Pick<OperationStore, 'listOperations'>;
  readonly judge: Pick<Judge, 'evaluate'>;
  readonly queue: Pick<LabQueue, 'wake'>;
  readonly ids: Pick<Ids, 'attempt'>;
  /** The nearest known word, or null. */
  readonly nearest: (word: string, known: readonly string[]) => string | null;
}

export interface Guide {
  /** Markdown. */
  readonly instructions: string;
  readonly tasks: readonly {
    readonly id: string;
    readonly title: string;
    /** Null while the task is not open, too. */
    readonly text: string | null;
    readonly open: boolean;
  }[];
}

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

  async function judgementsOf(labId: string): Promise<Judgements> {
    const [marks, overrides, layers] = await Promise.all([
      deps.people.marks(labId),
      deps.people.overrides(labId),
      deps.people.layers(labId),
    ]);
    return { marks, overrides, layers };
  }

  /** What text for people may show of a lab: its parameters, and its connection facts while it serves. */
  async function textScope(caller: Caller, lab: Lab, template: Template): Promise<Scope> {
    const facts = lab.phase === 'ready' ? await labs.access(caller, lab.id) : {};
    const access = Object.fromEntries(Object.entries(facts).map(([name, one]) => [name, one.facts]));
    return { params: visibleParams(template, lab.params), access };
  }

  return {
    /**
     * Asks for the lab to be graded. `final` hands it in: the grade is recorded once.
     * Throws `lab_not_ready`, `lab_ended`, `attempt_running`, `too_soon`, `attempts_used_up`, `past_due`, `conflict` when
     * it was handed in before. The template's limits hold trainees only.
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
        ...(caller.role === 'trainee' ? { limits: { ...template.grading, hidden: keptBack(template) } } : {}),
        alone: template.trials.some(({ fork }) => fork === null),
      });
      // The row is due by itself: a lost ring only delays it to the next sweep.
      await deps.queue.wake(`attempt:${attempt.id}`).catch(() => undefined);
      return viewAttempt(attempt, template, caller, noJudgements);
    },

    /** Oldest first. */
    async listAttempts(caller: Caller, labId: string): Promise<readonly AttemptView[]> {
      const { template } = await open(caller, labId);
      const [all, judgements] = await Promise.all([attempts.listAttempts(labId), judgementsOf(labId)]);
      return all.map((one) => viewAttempt(one, template, caller, judgements));
    },

    /** Throws `attempt_not_found`. */
    async getAttempt(caller: Caller, labId: string, number: number): Promise<AttemptView> {
      const { template } = await open(caller, labId);
      const [attempt, judgements] = await Promise.all([
        attempts.getAttempt(labId, number),
        judgementsOf(labId),
      ]);
      if (attempt !== null) return viewAttempt(attempt, template, caller, judgements);
      throw new LabError('attempt_not_found', `Lab "${labId}" has no attempt ${number}.`);
    },

    /** Records an answer, normalised as the question says. Throws `question_not_found`, `validation_failed`, `lab_ended`. */
    async putAnswer(
      caller: Caller,
      labId: string,
      question: string,
      value: AnswerValue,
    ): Promise<{ readonly question: string; readonly value: AnswerValue }> {
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
      const scope = await textScope(caller, lab, template);
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
      const [all, passed, hints, answers, judgements, operations, history] = await Promise.all([
        attempts.listAttempts(labId),
        attempts.progress(labId),
        attempts.hintsTaken(labId),
        attempts.answers(labId),
        judgementsOf(labId),
        deps.operations.listOperations(labId),
        attempts.attemptHistory(labId),
      ]);
      return viewProgress({
        lab,
        template,
        caller,
        attempts: all,
        passed,
        judgements,
        operations,
        history,
        open: await openTasks({ template, params: lab.params, passed, operations }, deps.judge),
        hints,
        answers,
        scope: await textScope(caller, lab, template),
      });
    },

    /**
     * The instructions and task texts as markdown, with this lab's own values filled in. Once the lab has ended its
     * connection facts show as a dash. Throws `lab_not_ready`.
     */
    async guide(caller: Caller, labId: string): Promise<Guide> {
      const { lab, sandbox, version, template } = await open(caller, labId);
      const over = lab.phase === 'terminating' || lab.phase === 'terminated';
      if (!over) requireSandbox(lab, sandbox);
      const [scope, passed, operations] = await Promise.all([
        textScope(caller, lab, template),
        attempts.progress(labId),
        deps.operations.listOperations(labId),
      ]);
      const opened = await openTasks({ template, params: lab.params, passed, operations }, deps.judge);
      const shows = (task: string) => opened.has(task) || caller.role !== 'trainee';
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
          text: text === null || !shows(id) ? null : read(text),
          open: opened.has(id),
        })),
      };
    },
  };
}
