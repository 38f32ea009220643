/** From what an author wrote, found to be right, to the template that everything else works with. */
import { stepOf } from './edits.ts';
import { sharePoints } from './points.ts';
import { goodOf, trialOf } from './resolve-trials.ts';
import type { Authored } from './schema.ts';
import type { CheckSpec, GradingSpec, KeepSpec, Template } from './types.ts';
import type { ResolvedSteps } from './validate-steps.ts';

export function resolveTemplate(authored: Authored, steps: ResolvedSteps): Template {
  const { lifetime, grading } = authored;
  return {
    labwright: 1,
    id: authored.id,
    title: authored.title,
    summary: authored.summary,
    source: authored.source ?? null,
    level: authored.level,
    competencies: authored.competencies,
    minutes: authored.minutes,
    lifetime: { ttlSeconds: lifetime.ttl, maxSeconds: lifetime.max, warnSeconds: lifetime.warn },
    ...(authored.idle === undefined ? {} : { idle: { pauseAfterSeconds: pauseAfter(authored.idle) } }),
    ...(authored.keep === undefined ? {} : { keep: authored.keep.map(keepOf) }),
    backends: authored.backends,
    grading: gradingOf(grading),
    parameters: authored.parameters,
    components: authored.components,
    instructions: authored.instructions,
    tasks: authored.tasks.map(
      ({ id, title, text = null, checks, opens = null, checkpoint, skip = null }) => ({
        id,
        title,
        text,
        checks,
        opens,
        checkpoint,
        skip,
      }),
    ),
    questions: authored.questions.map(({ id, kind, ask, options = [], multiple, normalise }) => ({
      id,
      kind,
      ask,
      options,
      multiple,
      normalise: normalise ?? (kind === 'number' || kind === 'file' ? [] : ['trim']),
    })),
    observations: authored.observations,
    trials: authored.trials.map((one, index) => trialOf(one, steps.trials[index], grading.deadline)),
    watches: authored.watches.map((one) => ({
      id: one.id,
      everySeconds: one.every,
      look: one.observe,
      good: goodOf(one),
    })),
    faults: authored.faults.map(({ id, when, say = null }, index) => ({
      id,
      when,
      say,
      steps: (steps.faults[index] ?? []).map(stepOf),
    })),
    checks: authored.checks.map(checkOf),
    solutions: mapValues(steps.solutions, (all) => all.map(stepOf)),
    wrong: authored.wrong.map(({ id, from, fails }, index) => ({
      id,
      from,
      steps: (steps.wrong[index] ?? []).map(stepOf),
      fails,
    })),
    reveal: authored.reveal,
    test: {
      budgetSeconds: authored.test.budget?.time ?? null,
      ...(authored.test.budget?.memory === undefined ? {} : { budgetMemoryMb: authored.test.budget.memory }),
      rerunSkip: authored.test.rerun?.skip ?? null,
      mutations: authored.test.mutations ?? null,
    },
  };
}

function keepOf(keep: NonNullable<Authored['keep']>[number]): KeepSpec {
  if (typeof keep === 'string') return { kind: keep };
  if ('database' in keep) return { kind: 'database', component: keep.database.component };
  return { kind: 'files', ...keep.files };
}

function pauseAfter({ pauseAfter }: NonNullable<Authored['idle']>): number {
  return pauseAfter === 'never' ? 0 : pauseAfter;
}

function checkOf(check: Authored['checks'][number]): CheckSpec {
  const shares = sharePoints(
    check.points,
    check.expect.map((one) => one.points),
  );
  return {
    id: check.id,
    title: check.title,
    points: check.points,
    observe: check.observe,
    trial: check.trial ?? null,
    require: check.require ?? null,
    rubric: rubricOf(check.rubric),
    expect: check.expect.map((one, index) => ({
      that: one.that,
      points: shares?.[index] ?? 0,
      else: one.else,
      partial: one.partial,
      ...(one.noise === undefined ? {} : { noise: one.noise }),
    })),
    needs: check.needs,
    withinSeconds: check.within ?? null,
    sticky: check.sticky,
    visible: check.visible,
    guard: check.guard,
    passesAtStart: check.passesAtStart ?? null,
    hints: check.hints,
  };
}

function rubricOf(rubric: Authored['checks'][number]['rubric']): CheckSpec['rubric'] {
  if (rubric === undefined) return null;
  const criteria = rubric.criteria.map(({ full = null, half = null, ...one }) => ({ ...one, full, half }));
  return { of: rubric.of ?? null, criteria };
}

function mapValues<T, R>(all: Readonly<Record<string, T>>, change: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, change(value)]));
}

function gradingOf({ deadline, onDemand, attempts, coolDown }: Authored['grading']): GradingSpec {
  return {
    deadlineSeconds: deadline,
    onDemandEverySeconds: onDemand.every,
    ...(attempts === undefined ? {} : { attempts }),
    ...(coolDown === undefined ? {} : { coolDown: { after: coolDown.after, forSeconds: coolDown.for } }),
  };
}
