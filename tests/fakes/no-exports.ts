import type { LabExporter } from '../../src/lab/ports.ts';

/** For tests in which nothing is kept of labs. */
export const noExports: LabExporter = {
  write: async () => ({ bytes: 0, leftOut: 0 }),
  prune: async () => {},
};
