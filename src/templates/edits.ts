/** The steps of solutions and of wrong ways, `use:` and edits applied. */
import type { Path } from './problem.ts';
import type { AuthoredStep } from './schema-looks.ts';
import type { StepSpec } from './types.ts';

/** A step with its final id and the place where it was written. */
export interface PlacedStep extends AuthoredStep {
  readonly id: string;
  readonly path: Path;
}

export interface Edits {
  readonly replace: Readonly<Record<string, AuthoredStep>>;
  readonly drop: readonly string[];
  readonly before: Readonly<Record<string, readonly AuthoredStep[]>>;
  readonly after: Readonly<Record<string, readonly AuthoredStep[]>>;
}

export interface UnknownStep {
  readonly name: string;
  readonly path: Path;
  readonly what: 'key' | 'value';
}

/** Applied in this order: replace, drop, before, after. What names no step is returned as unknown. */
export function applyEdits(
  steps: readonly PlacedStep[],
  edits: Edits,
  path: Path,
): { readonly steps: readonly PlacedStep[]; readonly unknown: readonly UnknownStep[] } {
  const ids = new Set(steps.map((step) => step.id));
  const unknown: UnknownStep[] = [];
  for (const edit of ['replace', 'before', 'after'] as const) {
    for (const name of Object.keys(edits[edit])) {
      if (!ids.has(name)) unknown.push({ name, path: [...path, edit, name], what: 'key' });
    }
  }
  for (const [index, name] of edits.drop.entries()) {
    if (!ids.has(name)) unknown.push({ name, path: [...path, 'drop', index], what: 'value' });
  }

  const own = <T>(all: Readonly<Record<string, T>>, id: string) =>
    Object.hasOwn(all, id) ? all[id] : undefined;
  const inserted = (edit: 'before' | 'after', id: string): readonly PlacedStep[] =>
    (own(edits[edit], id) ?? []).map((step, index) => ({
      ...step,
      id: step.id ?? `${id}-${edit}-${index + 1}`,
      path: [...path, edit, id, index],
    }));
  const result = steps.flatMap((step): readonly PlacedStep[] => {
    const replacement = own(edits.replace, step.id);
    const kept =
      replacement === undefined ? step : { ...replacement, id: step.id, path: [...path, 'replace', step.id] };
    return [
      ...inserted('before', step.id),
      ...(edits.drop.includes(step.id) ? [] : [kept]),
      ...inserted('after', step.id),
    ];
  });
  return { steps: result, unknown };
}

/** Without the place where it was written. */
export function stepOf({ id, kind, spec, save, allowIdle }: PlacedStep): StepSpec {
  return { id, kind, spec, save, allowIdle };
}

/** Steps that are run one after another, whose ids nobody needs to name: they are counted where they have none. */
export function placeSteps(steps: readonly AuthoredStep[], path: Path, name = 'step'): readonly PlacedStep[] {
  return steps.map((step, index) => ({
    ...step,
    id: step.id ?? `${name}-${index + 1}`,
    path: [...path, index],
  }));
}
