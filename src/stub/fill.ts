/** `{{path}}` in the texts of a stub's file. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const hole = /\{\{([^{}]*)\}\}/g;
const lone = /^\{\{([^{}]*)\}\}$/;

/** A lone `{{x}}` keeps its type; inside longer text it becomes text. What is not there is null, or no text. */
export function fill(raw: Json, roots: Readonly<Record<string, Json>>): Json {
  if (typeof raw === 'string') {
    const [, path] = lone.exec(raw) ?? [];
    return path === undefined ? fillText(raw, roots) : at(roots, path);
  }
  if (Array.isArray(raw)) return raw.map((item) => fill(item, roots));
  if (raw === null || typeof raw !== 'object') return raw;
  return Object.fromEntries(Object.entries(raw).map(([key, item]) => [key, fill(item, roots)]));
}

/** As text, always. */
export function fillText(raw: string, roots: Readonly<Record<string, Json>>): string {
  return raw.replace(hole, (_, path: string) => {
    const value = at(roots, path);
    return value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  });
}

/** Every `{{path}}` below a value and where it stands. */
export function pathsOf(
  raw: Json,
  where: readonly (string | number)[] = [],
): readonly { readonly path: string; readonly at: readonly (string | number)[] }[] {
  if (typeof raw === 'string')
    return [...raw.matchAll(hole)].map(([, path = '']) => ({ path: path.trim(), at: where }));
  if (Array.isArray(raw)) return raw.flatMap((item, n) => pathsOf(item, [...where, n]));
  if (raw === null || typeof raw !== 'object') return [];
  return Object.entries(raw).flatMap(([key, item]) => pathsOf(item, [...where, key]));
}

/** Names with a minus may be written as they are (`request.headers.x-order`); lists are counted from 0. */
function at(roots: Readonly<Record<string, Json>>, path: string): Json {
  let value: Json = roots as { [key: string]: Json };
  for (const part of path.trim().split('.')) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, part)) return null;
    value = (value as { [key: string]: Json })[part] ?? null;
  }
  return value;
}
