/** `{{path}}` in a template's texts: data that is filled in, never evaluated. */
import type { ValueType } from '../grading/types.ts';
import { didYouMean, listWords } from './suggest.ts';

export interface Reference {
  /** `params.email` as written, trimmed. */
  readonly text: string;
  /** Where it starts in the text that holds it. */
  readonly offset: number;
  /** Null when it is not a path. */
  readonly path: readonly (string | number)[] | null;
}

/** All `{{ }}` of a text, in order. */
export function referencesIn(text: string): readonly Reference[] {
  return [...text.matchAll(/\{\{(.*?)\}\}/gs)].map((match) => {
    const inner = (match[1] ?? '').trim();
    return { text: inner, offset: match.index, path: parsePath(inner) };
  });
}

/** `a.b[0]['c d']` as its parts; null when it is anything but a path. */
export function parsePath(text: string): readonly (string | number)[] | null {
  const first = /^[A-Za-z_]\w*/.exec(text);
  if (first === null) return null;
  const parts: (string | number)[] = [first[0]];
  const next = /\.([A-Za-z_]\w*)|\[(\d{1,9})\]|\[(?:'([^'\]]*)'|"([^"\]]*)")\]/y;
  next.lastIndex = first[0].length;
  while (next.lastIndex < text.length) {
    const match = next.exec(text);
    if (match === null) return null;
    parts.push(match[2] === undefined ? (match[1] ?? match[3] ?? match[4] ?? '') : Number(match[2]));
  }
  return parts;
}

/** Why a reference cannot be filled where these roots are known; null when it can. */
export function problemOf(reference: Reference, roots: Readonly<Record<string, ValueType>>): string | null {
  const shown = `{{${reference.text}}}`;
  if (reference.path === null) return `${shown} is not a path such as {{params.email}}`;
  const [root, ...rest] = reference.path;
  const start = Object.hasOwn(roots, String(root)) ? roots[String(root)] : undefined;
  if (start === undefined) {
    const known = Object.keys(roots);
    const why = whyAbsent(String(root));
    if (why !== null) return `${shown}: ${why}; known here: ${listWords(known)}`;
    return `${shown}: there is no "${root}" here; known: ${listWords(known)}${didYouMean(String(root), known)}`;
  }
  let type = start;
  let said = String(root);
  for (const part of rest) {
    const inner = stepInto(type, part);
    if (typeof inner === 'string') return `${shown}: ${said} ${inner}`;
    type = inner;
    said += typeof part === 'number' ? `[${part}]` : `.${part}`;
  }
  if (
    rest.length === 0 &&
    type.is === 'object' &&
    root !== undefined &&
    ['params', 'access', 'saved', 'attempt', 'events', 'observed'].includes(String(root))
  ) {
    return `${shown}: name one field of ${root}; known: ${listWords(Object.keys(type.fields))}`;
  }
  return null;
}

/** Roots that only some places know: where that is. */
const homes: Readonly<Record<string, string>> = {
  saved: '"saved" is known in steps, after one that saves',
  observed: '"observed" is known in a trial, in the steps after the look',
  attempt: '"attempt" is known in a trial that draws, and where a check that names it judges',
  events: '"events" is known in looks, steps and checks of a template with faults',
};

/** Why a root is not known in this place though the language has it; null for names that it has not. */
export const whyAbsent = (root: string): string | null =>
  Object.hasOwn(homes, root) ? (homes[root] ?? null) : null;

function stepInto(type: ValueType, part: string | number): ValueType | string {
  switch (type.is) {
    case 'dyn':
      return type;
    case 'list':
      return typeof part === 'number' ? type.of : `is a list and has no field "${part}"`;
    case 'map':
      return typeof part === 'string' ? type.of : 'is a map, not a list';
    case 'object': {
      const field = Object.hasOwn(type.fields, part) ? type.fields[part] : undefined;
      const known = Object.keys(type.fields);
      return field ?? `has no "${part}"; known: ${listWords(known)}${didYouMean(String(part), known)}`;
    }
    default:
      return `is a ${type.is} and has nothing inside`;
  }
}
