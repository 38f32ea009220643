/** From what an author wrote, found to be right, to the template that everything else works with. */
import type { PlacedStep } from './edits.ts';
import { sharePoints } from './points.ts';
import type { Path } from './problem.ts';
import type { Authored } from './schema.ts';
import { valueAt } from './tree.ts';
import type { CheckSpec, Json, LookSpec, StepSpec, Template } from './types.ts';
import type { ResolvedSteps } from './validate-steps.ts';

/** @param written what `authored` was parsed from: specs of looks and steps stay as their author wrote them. */
export function resolveTemplate(authored: Authored, steps: ResolvedSteps, written: unknown): Template {
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
    tasks: authored.tasks.map(({ id, title, text = null, checks }) => ({ id, title, text, checks })),
    questions: authored.questions.map(({ id, kind, ask, options = [], normalise }) => ({
      id,
      kind,
      ask,
      options,
      normalise: normalise ?? (kind === 'number' ? [] : ['trim']),
    })),
    observations: looksOf(authored.observations, ['observations'], written),
    checks: authored.checks.map((check, index) => checkOf(check, ['checks', index], written)),
    solutions: mapValues(authored.solutions, (_, name) =>
      (steps.solutions[name] ?? []).map((s) => stepOf(s, written)),
    ),
    wrong: authored.wrong.map(({ id, from, fails }, index) => ({
      id,
      from,
      steps: (steps.wrong[index] ?? []).map((step) => stepOf(step, written)),
      fails,
    })),
  };
}

function checkOf(check: Authored['checks'][number], path: Path, written: unknown): CheckSpec {
  const shares = sharePoints(
    check.points,
    check.expect.map((one) => one.points),
  );
  return {
    id: check.id,
    title: check.title,
    points: check.points,
    observe: looksOf(check.observe, [...path, 'observe'], written),
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

function looksOf(
  looks: Readonly<Record<string, LookSpec>>,
  path: Path,
  written: unknown,
): Readonly<Record<string, LookSpec>> {
  return mapValues(looks, ({ kind }, name) => ({ kind, spec: specAt(written, [...path, name, kind]) }));
}

function stepOf({ id, kind, path, save, allowIdle }: PlacedStep, written: unknown): StepSpec {
  const { save: _, ...spec } = specAt(written, [...path, kind]);
  return { id, kind, spec, save, allowIdle };
}

const specAt = (written: unknown, path: Path) => valueAt(written, path) as Readonly<Record<string, Json>>;

function mapValues<T, R>(
  all: Readonly<Record<string, T>>,
  change: (value: T, name: string) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, change(value, name)]));
}
