/** Where programs of trainees run from, and what they were started from: folders, and records of their sandboxes. */
import { join } from 'node:path';
import { scanSource } from '../files/source-files.ts';
import type { SourceAccess } from '../files/sources.ts';
import { watchFolders } from '../files/watch-folders.ts';
import type { ResourceRef } from '../naming.ts';
import type { Records } from './records.ts';

export function createSourceAccess(
  records: Records,
  workspacePath: (ref: ResourceRef) => string,
): SourceAccess {
  return {
    scan: ({ workspace, below, editable }) => scanSource(workspacePath(workspace), editable, below),
    watch({ workspace, below }, onChange) {
      const root = workspacePath(workspace);
      return watchFolders(root, join(root, below), onChange);
    },
    noted: async ({ sandboxId, component }) => records.get(sandboxId)?.sources?.[component] ?? null,
    async note({ sandboxId, component }, fingerprint) {
      records.update(sandboxId, ({ sources }) => ({ sources: { ...sources, [component]: fingerprint } }));
    },
  };
}
