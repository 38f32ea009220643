/** A copy of what was read, from which the wrong is taken out while every place stays known. */
import type { Path } from './problem.ts';
import { isObject, valueAt } from './tree.ts';

export interface Mendable {
  readonly root: unknown;
  /**
   * Takes out what stands at a path, or gives it its right key where that is still free.
   * Paths name the copy as it is now.
   */
  mend(path: Path, rightKey?: string): 'removed' | 'renamed';
  /** From a path into the copy as it is now to the path as it was written. */
  written(path: Path): Path;
}

export function mendable(raw: unknown): Mendable {
  const root: unknown = structuredClone(raw);
  /** List → where its items stood; object → what its keys were. */
  const indices = new Map<unknown, readonly number[]>();
  const keys = new Map<unknown, Map<string, string>>();

  return {
    root,
    written(path) {
      const result: (string | number)[] = [];
      let node = root;
      for (const part of path) {
        result.push(
          typeof part === 'number'
            ? (indices.get(node)?.[part] ?? part)
            : (keys.get(node)?.get(part) ?? part),
        );
        node = valueAt(node, [part]);
      }
      return result;
    },
    mend(path, rightKey) {
      const parent = valueAt(root, path.slice(0, -1));
      const last = path.at(-1);
      if (Array.isArray(parent) && typeof last === 'number') {
        const now = indices.get(parent) ?? parent.map((_, index) => index);
        parent.splice(last, 1);
        indices.set(parent, now.toSpliced(last, 1));
      } else if (isObject(parent) && typeof last === 'string') {
        const value = parent[last];
        delete parent[last];
        if (rightKey !== undefined && value !== undefined && !Object.hasOwn(parent, rightKey)) {
          parent[rightKey] = value;
          const renamed = keys.get(parent) ?? new Map<string, string>();
          keys.set(parent, renamed.set(rightKey, last));
          return 'renamed';
        }
      }
      return 'removed';
    },
  };
}
