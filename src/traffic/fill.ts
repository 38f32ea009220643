/** `{{name}}` in the texts of a load's file. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const hole = /\{\{([^{}]*)\}\}/g;
const lone = /^\{\{([^{}]*)\}\}$/;

/** A lone `{{x}}` keeps its type; inside longer text it becomes text. */
export function fill(raw: Json, values: Readonly<Record<string, Json>>): Json {
  if (typeof raw === 'string') {
    const [, name] = lone.exec(raw) ?? [];
    return name === undefined ? fillText(raw, values) : (values[name.trim()] ?? null);
  }
  if (Array.isArray(raw)) return raw.map((item) => fill(item, values));
  if (raw === null || typeof raw !== 'object') return raw;
  return Object.fromEntries(Object.entries(raw).map(([key, item]) => [key, fill(item, values)]));
}

/** @param encode for what is filled in, not for the author's own text. */
export function fillText(
  raw: string,
  values: Readonly<Record<string, Json>>,
  encode: (text: string) => string = (text) => text,
): string {
  return raw.replace(hole, (_, name: string) => encode(String(values[name.trim()] ?? '')));
}

/** Every `{{path}}` below a value. */
export function pathsOf(raw: Json): readonly string[] {
  if (typeof raw === 'string') return [...raw.matchAll(hole)].map(([, path = '']) => path.trim());
  if (Array.isArray(raw)) return raw.flatMap(pathsOf);
  if (raw === null || typeof raw !== 'object') return [];
  return Object.values(raw).flatMap(pathsOf);
}

/** The value at a path such as `json.id`; null when it is not there. */
export function valueAt(raw: Json, path: string): Json {
  let value = raw;
  for (const part of path.split('.').slice(1)) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, part)) return null;
    value = (value as { [key: string]: Json })[part] ?? null;
  }
  return value;
}
