/** What people are shown: shortened, without control characters and without secrets. */
import type { ParameterSpec } from '../../templates/types.ts';
import type { Value } from '../types.ts';
import { valueToText } from './text.ts';

/** A trainee's data can be megabytes long; a message is one or two lines. */
const MAX_LENGTH = 1_000;
const HIDDEN = '•••';

/** At most 1,000 characters, well-formed, and no control characters, which a terminal would obey. */
export function presentable(text: string): string {
  const clean = text
    .slice(0, MAX_LENGTH)
    .toWellFormed()
    .replace(/[^\P{Cc}\n\t]/gu, '\ufffd');
  return text.length > MAX_LENGTH ? `${clean}…` : clean;
}

/** The text without any of the secrets; the longest first, so that one inside another does not leave a rest. */
export function redact(text: string, secrets: readonly string[]): string {
  return [...secrets]
    .filter((secret) => secret !== '')
    .sort((a, b) => b.length - a.length)
    .reduce((clean, secret) => clean.replaceAll(secret, HIDDEN), text);
}

/** What must never be shown of the drawn parameters: those declared `redact`, and every drawn secret. */
export function secretsOf(
  parameters: Readonly<Record<string, ParameterSpec>>,
  drawn: Readonly<Record<string, Value>>,
): readonly string[] {
  return Object.entries(parameters)
    .filter(([name, spec]) => (spec.redact || spec.draw === 'secret') && Object.hasOwn(drawn, name))
    .flatMap(([name]) => leavesOf(drawn[name] ?? null));
}

function leavesOf(value: Value): string[] {
  if (value === null || typeof value === 'boolean') return [];
  if (typeof value !== 'object' || value instanceof Date || value instanceof Uint8Array)
    return [valueToText(value)];
  return Object.values(value).flatMap(leavesOf);
}
