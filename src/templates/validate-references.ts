/** Every `{{ }}` names something that is there, and nothing secret reaches a trainee's message. */
import type { ValueType } from '../grading/types.ts';
import type { Path } from './problem.ts';
import { problemOf, type Reference, referencesIn } from './references.ts';
import { componentOf, parameterOf, type Scene } from './scene.ts';
import { textsIn } from './tree.ts';
import type { ParameterSpec } from './types.ts';
import { isSecretField } from './value-types.ts';

export type Roots = Readonly<Record<string, ValueType>>;

/** Texts inside `value`, which stands at `path`, refer to `roots` only. */
export function checkReferences(scene: Scene, value: unknown, path: Path, roots: Roots): void {
  for (const { path: place, text } of textsIn(value, path)) {
    for (const reference of referencesIn(text)) {
      const problem = problemOf(reference, roots);
      if (problem !== null) scene.report(place, 'bad_reference', problem, { offset: reference.offset });
    }
  }
}

/**
 * As `checkReferences`, for texts that trainees and their neighbours may see.
 *
 * @param draws of the trial whose `attempt` the text may name.
 */
export function checkShownText(
  scene: Scene,
  text: string,
  path: Path,
  roots: Roots,
  draws: Readonly<Record<string, ParameterSpec>> = {},
): void {
  checkReferences(scene, text, path, roots);
  for (const reference of referencesIn(text)) {
    const secret = secretIn(scene, reference, draws);
    if (secret === null) continue;
    const message = `{{${reference.text}}}: ${secret} is secret and may not be shown in messages, titles and hints`;
    scene.report(path, 'secret_shown', message, { offset: reference.offset });
  }
}

function secretIn(
  scene: Scene,
  { path }: Reference,
  draws: Readonly<Record<string, ParameterSpec>>,
): string | null {
  const [root, name, field] = (path ?? []).map(String);
  if (name === undefined) return null;
  if (root === 'params') return parameterOf(scene, name)?.redact ? `the parameter "${name}"` : null;
  if (root === 'attempt') {
    return Object.hasOwn(draws, name) && draws[name]?.redact ? `what is drawn as "${name}"` : null;
  }
  if (root !== 'access') return null;
  const component = componentOf(scene, name);
  if (component === null || (field !== undefined && !isSecretField(component.kind, field))) return null;
  return field === undefined ? `part of access.${name}` : `access.${name}.${field}`;
}

/** Instructions and task texts: markdown that is filled in for its trainee. Other double braces are left alone. */
export function checkMarkdown(scene: Scene, file: string, roots: Roots): void {
  const bytes = scene.files.get(file);
  if (bytes === undefined) return;
  const text = new TextDecoder().decode(bytes);
  for (const reference of referencesIn(text)) {
    if (!/^(params|access|saved|observed|attempt|events)\b/.test(reference.text)) continue;
    const problem = problemOf(reference, roots);
    if (problem !== null) scene.reportIn(file, text, reference.offset, 'bad_reference', problem);
  }
}
