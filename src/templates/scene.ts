/** What the validators look at together, and how they report. */
import type { ValueType } from '../grading/types.ts';
import type { Path, ProblemCode } from './problem.ts';
import type { Authored, Registries } from './schema.ts';
import { idsAt, keysAt } from './tree.ts';
import type { ComponentSpec, ParameterSpec } from './types.ts';
import { accessType, object, parameterType } from './value-types.ts';

interface ExpressionProblem {
  readonly message: string;
  /** Of the character in the source, from 0. */
  readonly offset?: number;
  readonly suggestion?: string | null;
}

/** What is known of an expression that compiles. */
export interface CheckedExpression {
  /** Lists, as written, whose size it tests. */
  readonly sizeTests: readonly string[];
  /** `all` over a list whose size it does not test. */
  readonly warnings: readonly { readonly message: string; readonly offset: number; readonly list: string }[];
}

/** Type-checks an expression against the roots that it may name; without `expression` nothing is linted. */
export type CompileExpression = (
  source: string,
  roots: Readonly<Record<string, ValueType>>,
) =>
  | { readonly ok: true; readonly expression?: CheckedExpression }
  | { readonly ok: false; readonly problems: readonly ExpressionProblem[] };

export interface ReportOptions {
  readonly what?: 'key' | 'value';
  /** Of the character in the text at the path. */
  readonly offset?: number;
  readonly severity?: 'error' | 'warning';
}

export interface Scene {
  readonly registries: Registries;
  readonly compile: CompileExpression;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly authored: Partial<Authored>;
  /** What `authored` was parsed from: looks and steps as the author wrote them. */
  readonly written: unknown;
  /** Everything that was written, broken parts included: a name that is declared there is no unknown name. */
  readonly declared: unknown;
  report(path: Path, code: ProblemCode, message: string, options?: ReportOptions): void;
  /** As `report`, for another file of the folder, at a character of its text. */
  reportIn(
    file: string,
    text: string,
    offset: number,
    code: ProblemCode,
    message: string,
    severity?: 'error' | 'warning',
  ): void;
  /** Whether the check, solution … that the path lies in uses words that are not yet supported or lost a part. */
  tainted(path: Path): boolean;
}

/** Names of roots that observations cannot be called. */
export const reservedRoots = ['params', 'saved', 'observed', 'access', 'attempt', 'events'];

/** All names that a section declares, those that could not be read included. */
export function declaredNames(scene: Scene, path: Path): readonly string[] {
  return [...new Set([...keysAt(scene.declared, path), ...keysAt(scene.written, path)])];
}

/** The ids in a section that is a list, those of what could not be read included. */
export function declaredIds(scene: Scene, section: string): readonly string[] {
  return [...new Set([...idsAt(scene.declared, [section]), ...idsAt(scene.written, [section])])];
}

export function componentOf(scene: Scene, name: string): ComponentSpec | null {
  const all: Readonly<Record<string, ComponentSpec>> = scene.authored.components ?? {};
  return Object.hasOwn(all, name) ? (all[name] ?? null) : null;
}

export function parameterOf(scene: Scene, name: string): ParameterSpec | null {
  const all: Readonly<Record<string, ParameterSpec>> = scene.authored.parameters ?? {};
  return Object.hasOwn(all, name) ? (all[name] ?? null) : null;
}

/** `params` and `access`: what everything in a template may refer to. */
export type CommonRoots = Readonly<Record<'params' | 'access', ValueType>>;

export function commonRoots(scene: Scene): CommonRoots {
  const params = declaredNames(scene, ['parameters']).map((name) => {
    const spec = parameterOf(scene, name);
    return [name, spec === null ? ({ is: 'dyn' } as const) : parameterType(spec)] as const;
  });
  const access = declaredNames(scene, ['components']).map(
    (name) => [name, accessType(componentOf(scene, name)?.kind ?? null)] as const,
  );
  return { params: object(Object.fromEntries(params)), access: object(Object.fromEntries(access)) };
}

/** As `commonRoots`, and `events` where there are faults: what looks, steps and checks may refer to. */
export function labRoots(scene: Scene): Readonly<Record<string, ValueType>> {
  const faults = declaredIds(scene, 'faults');
  if (faults.length === 0) return commonRoots(scene);
  const times = object({ at: { is: 'dyn' }, done: { is: 'dyn' } });
  return { ...commonRoots(scene), events: object(Object.fromEntries(faults.map((id) => [id, times]))) };
}
