/** People in the loop: an instructor's marks and overrides, and help for a trainee who is stuck. */
import type { Ids } from '../lab/clock.ts';
import { LabError } from '../lab/errors.ts';
import { ended } from '../lab/guards.ts';
import type { Caller, LabService } from '../lab/lab-service.ts';
import type { LookSpec, RubricSpec } from '../templates/types.ts';
import { invalid } from './accept-answer.ts';
import type {
  AttemptStore,
  EvidencePiece,
  HelpRequest,
  Mark,
  MarkLevel,
  Override,
  PeopleStore,
  Value,
} from './types.ts';
import { fillText, visibleParams } from './visible-text.ts';

export interface PeopleServiceDeps {
  readonly labs: Pick<LabService, 'getLabWithTemplate'>;
  readonly attempts: Pick<AttemptStore, 'getAttempt' | 'listAttempts' | 'evidence'>;
  readonly people: PeopleStore;
  readonly ids: Pick<Ids, 'help'>;
  /** Opens a piece of stored evidence. */
  readonly openEvidence: (sealed: EvidencePiece) => Value;
  /** The nearest known word, or null. */
  readonly nearest: (word: string, known: readonly string[]) => string | null;
}

/** A check that a person judges: what to judge by, what there is to see, and what was given. */
export interface RubricView {
  readonly check: string;
  readonly title: string;
  readonly maxPoints: number;
  readonly criteria: RubricSpec['criteria'];
  /** What the last attempt saw of the work; null when none has looked, or the rubric names nothing to look at. */
  readonly work: Value;
  readonly of: LookSpec | null;
  readonly mark: Mark | null;
}

export type PeopleService = ReturnType<typeof createPeopleService>;

const levels: readonly MarkLevel[] = ['full', 'half', 'none'];

export function createPeopleService(deps: PeopleServiceDeps) {
  const { labs, attempts, people } = deps;

  /** Throws `lab_not_found`, and `forbidden` for a trainee: their own lab is theirs to see, not to judge. */
  async function asInstructor(caller: Caller, labId: string, what: string) {
    const found = await labs.getLabWithTemplate(caller, labId);
    if (caller.role === 'trainee') throw new LabError('forbidden', `Only an instructor may ${what}.`);
    return found;
  }

  function find<T extends { readonly id: string }>(kind: string, id: string, all: readonly T[]): T {
    const found = all.find((one) => one.id === id);
    if (found !== undefined) return found;
    const known = all.map((one) => one.id);
    const near = deps.nearest(id, known);
    const hint = near === null ? `Known: ${known.join(', ') || 'none'}.` : `Did you mean "${near}"?`;
    throw new LabError('check_not_found', `There is no ${kind} "${id}" in this lab. ${hint}`, {
      extra: { known, ...(near === null ? {} : { suggestion: near }) },
    });
  }

  return {
    /** Gives marks for a check with a rubric; later ones replace them. Throws `check_not_found`, `validation_failed`. */
    async mark(
      caller: Caller,
      labId: string,
      checkId: string,
      given: { readonly marks: Readonly<Record<string, string>>; readonly comment: string | null },
    ): Promise<Mark> {
      const { version } = await asInstructor(caller, labId, 'mark');
      const check = find('check', checkId, version.template.checks);
      if (check.rubric === null) {
        throw new LabError('conflict', `Check "${checkId}" is graded by itself: override it instead.`);
      }
      const marks = acceptMarks(check.rubric, given.marks);
      return people.putMark(labId, {
        checkId,
        marks,
        comment: given.comment,
        by: caller.subject,
      });
    },

    /** What there is to mark in a lab, with what was given. */
    async rubrics(caller: Caller, labId: string): Promise<readonly RubricView[]> {
      const { version } = await asInstructor(caller, labId, 'see what there is to mark');
      const [marks, all] = await Promise.all([people.marks(labId), attempts.listAttempts(labId)]);
      const newest = all.filter((one) => one.state === 'finished').at(-1);
      const rubrics = version.template.checks.flatMap((check) =>
        check.rubric === null ? [] : [{ check, rubric: check.rubric }],
      );
      return Promise.all(
        rubrics.map(async ({ check, rubric }) => {
          const result = newest?.results.find((one) => one.checkId === check.id);
          const [address] = Object.values(result?.evidence ?? {});
          const bytes = address === undefined ? null : await attempts.evidence(address);
          return {
            check: check.id,
            title: check.title,
            maxPoints: check.points,
            criteria: rubric.criteria,
            of: rubric.of,
            work: bytes === null || address === undefined ? null : deps.openEvidence({ address, bytes }),
            mark: marks.find((one) => one.checkId === check.id) ?? null,
          };
        }),
      );
    },

    /**
     * Says what counts instead of the grader's verdict; the grader's stays beside it. Without `points`: all for a pass,
     * none for a fail. Throws `attempt_not_found`, `check_not_found`, `conflict` while it is not finished,
     * `validation_failed`.
     */
    async override(
      caller: Caller,
      labId: string,
      attempt: number,
      checkId: string,
      said: {
        readonly verdict: Override['verdict'];
        readonly points: number | null;
        readonly reason: string;
      },
    ): Promise<Override> {
      const { version } = await asInstructor(caller, labId, 'override a verdict');
      const check = find('check', checkId, version.template.checks);
      const found = await attempts.getAttempt(labId, attempt);
      if (found === null)
        throw new LabError('attempt_not_found', `Lab "${labId}" has no attempt ${attempt}.`);
      if (found.state !== 'finished') {
        throw new LabError(
          'conflict',
          `Attempt ${attempt} is ${found.state}: there is no verdict to override.`,
        );
      }
      const points = said.points ?? (said.verdict === 'pass' ? check.points : 0);
      if (points > check.points) throw invalid('points', String(points), `0 to ${check.points}`);
      return people.putOverride(labId, {
        attempt,
        checkId,
        verdict: said.verdict,
        points,
        reason: said.reason,
        by: caller.subject,
      });
    },

    /** Calls an instructor. Another message replaces one that nobody has answered. Throws `lab_ended`, `validation_failed`. */
    async askHelp(
      caller: Caller,
      labId: string,
      asked: { readonly task: string | null; readonly message: string },
    ): Promise<HelpRequest> {
      const { lab, version } = await labs.getLabWithTemplate(caller, labId);
      if (lab.phase === 'terminating' || lab.phase === 'terminated') throw ended(lab);
      const tasks = version.template.tasks.map((task) => task.id);
      if (asked.task !== null && !tasks.includes(asked.task)) {
        throw invalid('task', `"${asked.task}"`, tasks.join(', '));
      }
      return people.askHelp(labId, { id: deps.ids.help(), ...asked });
    },

    async labHelp(caller: Caller, labId: string): Promise<readonly HelpRequest[]> {
      await labs.getLabWithTemplate(caller, labId);
      return people.listHelp({ labId, limit: 100 });
    },

    /** All labs' requests, for instructors: open ones first, those that wait longest first. */
    async listHelp(
      caller: Caller,
      query: { readonly open: boolean; readonly limit: number },
    ): Promise<readonly HelpRequest[]> {
      if (caller.role === 'trainee')
        throw new LabError('forbidden', "Only an instructor may see others' requests.");
      return people.listHelp({ ...(query.open ? { open: true } : {}), limit: query.limit });
    },

    /** Throws `help_not_found` when there is no open request of this id in the lab. */
    async answerHelp(caller: Caller, labId: string, id: string, text: string): Promise<HelpRequest> {
      await asInstructor(caller, labId, 'answer');
      const answered = await people.answerHelp(labId, id, { text, by: caller.subject });
      if (answered !== null) return answered;
      throw new LabError('help_not_found', `Lab "${labId}" has no open request "${id}".`);
    },

    /**
     * The model solution with this lab's values, once the lab has ended and where the template shows it; instructors
     * see it at any time. Throws `forbidden`, `lab_not_ready` while the lab lives.
     */
    async solution(caller: Caller, labId: string) {
      const { lab, version } = await labs.getLabWithTemplate(caller, labId);
      const { template } = version;
      if (caller.role === 'trainee') {
        if (template.reveal === 'never')
          throw new LabError('forbidden', 'This lab does not show its solution.');
        if (lab.phase !== 'terminated' && lab.phase !== 'terminating') {
          throw new LabError('conflict', 'The solution is shown once the lab has ended.');
        }
      }
      const scope = { params: visibleParams(template, lab.params) };
      const [id, steps] = Object.entries(template.solutions)[0] ?? ['', []];
      return {
        solution: id,
        steps: steps
          .filter((step) => step.kind !== 'wait')
          .map((step) => ({
            id: step.id,
            kind: step.kind,
            does: fillText(JSON.stringify(step.spec), scope),
          })),
        files: steps.flatMap(({ spec }) => {
          const path = spec.from ?? spec.patch;
          const bytes = typeof path === 'string' ? version.files.get(path) : undefined;
          return bytes === undefined || typeof path !== 'string'
            ? []
            : [{ path, text: new TextDecoder().decode(bytes) }];
        }),
      };
    },
  };
}

/** Every criterion marked, none invented. Throws `validation_failed`. */
function acceptMarks(
  { criteria }: RubricSpec,
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, MarkLevel>> {
  const ids = criteria.map((one) => one.id);
  const stranger = Object.keys(given).find((id) => !ids.includes(id));
  if (stranger !== undefined) throw invalid('marks', `"${stranger}"`, `the criteria ${ids.join(', ')}`);
  return Object.fromEntries(
    ids.map((id) => {
      const level = levels.find((one) => one === given[id]);
      if (level === undefined)
        throw invalid(`marks.${id}`, String(given[id] ?? 'nothing'), levels.join(', '));
      return [id, level] as const;
    }),
  );
}
