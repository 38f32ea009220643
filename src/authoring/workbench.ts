/** A template that is being written, and the one live lab that it is tried on. */

import { solveLab } from '../compose/solve-lab.ts';
import type { Runtime } from '../compose.ts';
import type { StepResult } from '../grading/solve.ts';
import { LabError } from '../lab/errors.ts';
import { requireSandbox } from '../lab/guards.ts';
import type { Caller } from '../lab/lab-service.ts';
import type { StepSpec, Template, TemplateVersion } from '../templates/types.ts';
import { type CheckReport, reportCheck } from './check-report.ts';
import { type Edition, errorsOf, readEdition } from './edition.ts';
import { findCheck, refuse } from './find.ts';
import { type GradingParts, gradeLive, type LiveLab } from './grade-live.ts';
import { onLab, whatChanged } from './made-of.ts';
import { askForLab, type OwnLab } from './own-lab.ts';
import { peekOf } from './peek.ts';

export interface WorkbenchParts
  extends GradingParts,
    Pick<Runtime, 'labs' | 'attempts' | 'operations' | 'people'> {}

export interface WorkbenchOptions {
  readonly folder: string;
  /** The folder's name. */
  readonly id: string;
  readonly caller: Caller;
  /** What the parameters are drawn from; absent: drawn too. */
  readonly seed?: string;
  /** Told what is waited for. */
  readonly say: (text: string) => void;
}

export interface Tried {
  readonly checks: readonly CheckReport[];
  readonly points: number;
  readonly maxPoints: number;
  readonly ms: number;
}

export type Workbench = ReturnType<typeof createWorkbench>;

/** A lab is extended when less than this is left of it. */
const extendMinutes = 30;

export function createWorkbench(parts: WorkbenchParts, options: WorkbenchOptions) {
  const { labs } = parts;
  const { caller, folder, id, say } = options;
  let edition: Edition = { content: null, problems: [] };
  let own: OwnLab | null = null;
  /** It was there once: one that was not waited for is none. */
  let ready = false;
  let made: TemplateVersion | null = null;
  let saved: NonNullable<Parameters<typeof solveLab>[3]['saved']> = {};

  function content(): NonNullable<Edition['content']> {
    if (edition.content !== null) return edition.content;
    const count = errorsOf(edition).length;
    throw new LabError(
      'template_invalid',
      `The template does not load now (${count === 1 ? '1 error' : `${count} errors`}); mend it first.`,
    );
  }

  async function live(): Promise<LiveLab> {
    const now = content();
    if (own === null || made === null || !ready) {
      throw new LabError('lab_not_ready', 'There is no lab yet; r makes one.');
    }
    const { lab, sandbox, now: time } = await labs.getLabWithTemplate(caller, own.id);
    if (lab.phase === 'terminating' || lab.phase === 'terminated') {
      throw new LabError('lab_ended', 'The lab has ended, for its time was over; r makes another one.');
    }
    const left = lab.expiresAt.getTime() - time.getTime();
    // At its longest life it is refused; then it ends, and is made anew.
    if (left < extendMinutes * 60_000) await labs.extendLab(caller, lab.id, extendMinutes).catch(() => {});
    return { lab, sandbox: requireSandbox(lab, sandbox), version: onLab(made, now) };
  }

  async function grade(
    version: LiveLab,
    only: ReadonlySet<string> | null,
    signal: AbortSignal,
  ): Promise<Tried> {
    const start = performance.now();
    const graded = await gradeLive(version, only, parts, signal);
    const ms = performance.now() - start;
    const { template } = version.version;
    const checks = await Promise.all(
      graded.judged.map(async ({ result, basis }) => {
        // One check alone says what it is worth by itself; all together, what an attempt would give.
        const settled =
          only === null ? graded.results.find(({ checkId }) => checkId === result.checkId) : null;
        const report = await reportCheck(settled ?? result, { basis }, template, (batch) =>
          parts.judge.evaluate(batch, signal),
        );
        return only === null ? { ...report, needs: [] } : report;
      }),
    );
    const place = (check: string) => template.checks.findIndex((one) => one.id === check);
    return {
      checks: checks.sort((a, b) => place(a.check) - place(b.check)),
      points: graded.points,
      maxPoints: graded.maxPoints,
      ms: Math.round(ms),
    };
  }

  return {
    edition: () => edition,
    /** Null while there is none that was ever ready. */
    labId: () => (ready ? (own?.id ?? null) : null),
    /** The template as it loads now. Throws `template_invalid`. */
    template: (): Template => content().template,
    /** Reads the folder; what it gives is used from now on. */
    async read(): Promise<Edition> {
      edition = await readEdition(folder, id, parts.vocabulary.language);
      return edition;
    },
    /** What the lab is made of and differs now; empty without a lab and while the template does not load. */
    changed(): readonly string[] {
      return made === null || edition.content === null ? [] : whatChanged(made, edition.content);
    },
    /** Ends the lab, if there is one, and makes one of the template as it is now. Throws LabError. */
    async remake(signal: AbortSignal): Promise<void> {
      content();
      ready = false;
      if (own !== null) {
        say('removing the lab');
        await own.end(signal);
      }
      own = null;
      made = null;
      saved = {};
      const { seed } = options;
      // The judge's thread starts while the lab does, so that the first check need not wait for it.
      parts.judge.evaluate({ sources: ['true'], scope: {} }, signal).catch(() => {});
      own = await askForLab(labs, caller, { template: id, ...(seed === undefined ? {} : { seed }) }, say);
      made = (await labs.getLabWithTemplate(caller, own.id)).version;
      const ended = await own.ready(signal);
      ready = ended === null;
      if (ready) return;
      own = null;
      made = null;
      throw new LabError('provision_failed', `The lab never got ready: ${ended}.`);
    },
    /** Puts the lab back to its start. */
    async reset(signal: AbortSignal): Promise<void> {
      const { lab } = await live();
      saved = {};
      await labs.resetLab(caller, lab.id, {});
      await own?.ready(signal);
    },
    async access() {
      const { lab } = await live();
      return labs.access(caller, lab.id);
    },
    /** Grades one check by its id or number, as if all that it needs had passed. Throws `check_not_found`. */
    async check(word: string, signal: AbortSignal): Promise<Tried> {
      const found = findCheck(content().template, word);
      return grade(await live(), new Set([found.id]), signal);
    },
    /** Grades all, as an attempt would. */
    async all(signal: AbortSignal): Promise<Tried> {
      return grade(await live(), null, signal);
    },
    /** Looks once, at an observation of all, of a check or of a trial: `name`, or `<check>.name`. */
    async look(word: string, signal: AbortSignal): Promise<CheckReport['looks']> {
      const lab = await live();
      const peek = peekOf(lab.version.template, word);
      if ('known' in peek) refuse('look', word, peek.known);
      const version = { ...lab.version, template: { ...lab.version.template, checks: [peek.check] } };
      const tried = await grade({ ...lab, version }, new Set([peek.check.id]), signal);
      return (tried.checks[0]?.looks ?? []).filter(({ name }) => name === peek.name);
    },
    /** Runs steps as the trainee, after what earlier ones saved. `goOn`: as a wrong way, past steps that fail. */
    async act(
      steps: readonly StepSpec[],
      goOn: boolean,
      onStep: (step: StepResult) => void,
      signal: AbortSignal,
    ): Promise<boolean> {
      const { lab, version } = await live();
      const done = await solveLab(parts, caller, lab.id, { steps, goOn, onStep, saved, version }, signal);
      saved = done.saved;
      return done.ok;
    },
    /** Ends the lab. */
    async close(signal: AbortSignal): Promise<void> {
      ready = false;
      await own?.end(signal);
      own = null;
      made = null;
    },
  };
}
