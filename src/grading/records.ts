/** What looks know of a lab beside its sandbox. */
import { LookFailure } from './look-failure.ts';
import type { LabRecords } from './types.ts';

/** Of something that has no lab: no faults, no watches, nothing to compare with. */
export const noRecords: LabRecords = {
  events: {},
  stepStartedAt: null,
  watch: async (id) => nothing(`watch ${id}`),
  reference: async (at) => nothing(`reference ${at}`),
  scratch: async (component) => nothing(`copy of ${component}`),
};

function nothing(what: string): never {
  throw new LookFailure('bug', 'This cannot be looked at here.', `there is no ${what} here`);
}
