/** Paths into plain JSON. */
import type { Path } from './problem.ts';
import type { Json } from './types.ts';

export const isObject = (value: unknown): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What stands at a path; undefined where there is nothing. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** Every text in a value, with its path below `path`. */
export function* textsIn(value: unknown, path: Path = []): Generator<{ path: Path; text: string }> {
  if (typeof value === 'string') yield { path, text: value };
  else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield* textsIn(item, [...path, index]);
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) yield* textsIn(item, [...path, key]);
  }
}

/** The keys of what stands at a path, or none. */
export function keysAt(root: unknown, path: Path): readonly string[] {
  const value = valueAt(root, path);
  return isObject(value) ? Object.keys(value) : [];
}

/** The items of the list at a path, or none. */
export function itemsAt(root: unknown, path: Path): readonly unknown[] {
  const value = valueAt(root, path);
  return Array.isArray(value) ? value : [];
}

/** The `id`s of the objects in the list at a path. */
export function idsAt(root: unknown, path: Path): readonly string[] {
  return itemsAt(root, path).flatMap((item) =>
    isObject(item) && typeof item.id === 'string' ? [item.id] : [],
  );
}

export const startsWith = (path: Path, prefix: Path): boolean =>
  prefix.length <= path.length && prefix.every((part, index) => path[index] === part);
