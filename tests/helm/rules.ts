/** Rules of roles, verb by verb: `create pods/exec (core)`. */
import type { Rule } from './helm.ts';

export interface Permission {
  readonly group: string;
  /** With its part: `pods/exec`. */
  readonly resource: string;
  readonly verb: string;
}

export function textOf({ group, resource, verb }: Permission): string {
  return `${verb} ${resource} (${group || 'core'})`;
}

/** Sorted, each once. */
export function verbsOf(rules: readonly Rule[]): readonly string[] {
  const all = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => textOf({ group, resource, verb }))),
    ),
  );
  return [...new Set(all)].sort();
}
