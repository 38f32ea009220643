/** Text of a template for people, with a lab's own values in it and without its secrets. */
import type { CheckSpec, Template } from '../templates/types.ts';
import type { Scope, Value } from './types.ts';
import { createFiller } from './values/fill.ts';

export interface HintView {
  /** 1, 2, 3 … */
  readonly number: number;
  readonly text: string;
  readonly penalty: number;
}

/** The parameters that text for people may show; what is to be redacted is not readable in any of it. */
export function visibleParams(
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
export function fillText(text: string, scope: Scope): string {
  return createFiller(scope, { missing: 'dash' }).text(text);
}

/** The hint of this number (1, 2, 3 …), or null when the check has fewer. */
export function hintView(check: CheckSpec, number: number, scope: Scope): HintView | null {
  const hint = check.hints[number - 1];
  return hint === undefined ? null : { number, text: fillText(hint.text, scope), penalty: hint.penalty };
}
