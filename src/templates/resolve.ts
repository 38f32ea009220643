/** From what an author wrote, found to be right, to the template that everything else works with. */
import type { PlacedStep } from './edits.ts';
import { sharePoints } from './points.ts';
import type { Authored } from './schema.ts';
import type { CheckSpec, StepSpec, Template } from './types.ts';
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
    backends: authored.backends,
    grading: { deadlineSeconds: grading.deadline, onDemandEverySeconds: grading.onDemand.every },
    parameters: authored.parameters,
    components: authored.components,
    instructions: authored.instructions,
    tasks: authored.tasks.map(({ id, title, text = null, checks }) => ({
      id,
      title,
      text,
      checks,
      opens: null,
      checkpoint: false,
      skip: null,
    })),
    questions: authored.questions.map(({ id, kind, ask, options = [], normalise }) => ({
      id,
      kind,
      ask,
      options,
      multiple: false,
      normalise: normalise ?? (kind === 'number' ? [] : ['trim']),
    })),
    observations: authored.observations,
    trials: [],
    watches: [],
    faults: [],
    checks: authored.checks.map(checkOf),
    solutions: mapValues(steps.solutions, (all) => all.map(stepOf)),
    wrong: authored.wrong.map(({ id, from, fails }, index) => ({
      id,
      from,
      steps: (steps.wrong[index] ?? []).map(stepOf),
      fails,
    })),
    reveal: 'never',
    test: { budgetSeconds: null, rerunSkip: null, mutations: null },
  };
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
    trial: null,
    require: null,
    rubric: null,
    expect: check.expect.map((one, index) => ({
      that: one.that,
      points: shares?.[index] ?? 0,
      else: one.else,
      partial: one.partial,
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

function stepOf({ id, kind, spec, save, allowIdle }: PlacedStep): StepSpec {
  return { id, kind, spec, save, allowIdle };
}

function mapValues<T, R>(all: Readonly<Record<string, T>>, change: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, change(value)]));
}
