/** Fills `{{path}}` with data. What is filled in is never looked at again: `{{` in a trainee's answer stays as it is. */
import type { Json } from '../../templates/types.ts';
import type { Filler, Scope, Value } from '../types.ts';
import { presentable, redact } from './message.ts';
import { parsePath, resolvePath } from './path.ts';
import { valueToText } from './text.ts';

const hole = /\{\{([^{}]*)\}\}/g;
const loneHole = /^\{\{([^{}]*)\}\}$/;
/** What stands in a message for a value that is not there. */
const DASH = '–';

/** A value is missing, or does not fit its place. The message names the path and never the value. */
export class FillError extends Error {
  override readonly name = 'FillError';
  readonly path: string;

  constructor(path: string, why: string) {
    super(`{{${path}}} ${why}`);
    this.path = path;
  }
}

/** `missing: 'throw'` for specs of looks and steps; `'dash'` for what people read. */
export function createFiller(scope: Scope, options: { readonly missing: 'throw' | 'dash' }): Filler {
  function look(path: string): Value {
    const [root, ...rest] = parsePath(path) ?? [];
    const known = typeof root === 'string' && Object.hasOwn(scope, root);
    const value = known ? resolvePath(scope[root], rest) : undefined;
    if (value !== undefined) return value;
    if (options.missing === 'dash') return DASH;
    throw new FillError(path.trim(), root === undefined ? 'is not a path' : 'has no value');
  }

  function fill(raw: string, encodeFor: (text: string, path: string) => string): string {
    return raw.replace(hole, (_, path: string) => encodeFor(valueToText(look(path)), path.trim()));
  }

  function value(raw: Json): Value {
    if (typeof raw === 'string') {
      const [, path] = loneHole.exec(raw) ?? [];
      return path === undefined ? fill(raw, (text) => text) : look(path);
    }
    if (Array.isArray(raw)) return raw.map(value);
    if (typeof raw !== 'object' || raw === null) return raw;
    return Object.fromEntries(Object.entries(raw).map(([key, item]) => [key, value(item)]));
  }

  return {
    value,
    text: (raw) => fill(raw, (text) => text),
    urlPath: (raw) => {
      const [, path = '', query = ''] = /^([^?]*)(.*)$/s.exec(raw) ?? [];
      return fill(path, pathPart) + fill(query, percentEncode);
    },
    header: (raw) => fill(raw, headerSafe),
  };
}

/** Only what is filled in is encoded; the author's own text is taken as it is. */
function percentEncode(text: string, path: string): string {
  if (!text.isWellFormed()) throw new FillError(path, 'is not well-formed text and cannot be in a URL');
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** `..` leads out of a folder, and so does `%2E%2E`: it cannot be encoded, only refused. */
function pathPart(text: string, path: string): string {
  if (/^\.{1,2}$/.test(text)) throw new FillError(path, 'is "." or "..", which a URL path cannot hold');
  return percentEncode(text, path);
}

function headerSafe(text: string, path: string): string {
  if (/\p{Cc}/u.test(text)) throw new FillError(path, 'holds a line break or a control character');
  return text;
}

/**
 * The author's text with what was seen in it, without the secrets, as one message. A missing value is `–`. Never throws.
 * Secrets go before the text is shortened: half of one is still one.
 */
export function fillMessage(template: string, scope: Scope, secrets: readonly string[] = []): string {
  return presentable(redact(createFiller(scope, { missing: 'dash' }).text(template), secrets));
}

export interface Reference {
  /** As written, without the braces. */
  readonly path: string;
  /** The first name; empty when it is not a path. */
  readonly root: string;
  /** Null when it is not a path: a call, an operator, a typing error. */
  readonly segments: readonly (string | number)[] | null;
}

/** Every `{{path}}` in the strings of a spec, in order. */
export function references(raw: Json): readonly Reference[] {
  if (typeof raw === 'string') {
    return [...raw.matchAll(hole)].map(([, path = '']) => {
      const segments = parsePath(path);
      return { path: path.trim(), root: String(segments?.[0] ?? ''), segments };
    });
  }
  if (typeof raw !== 'object' || raw === null) return [];
  return Object.values(raw).flatMap(references);
}
