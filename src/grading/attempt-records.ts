/** What an attempt knows of its lab beside the sandbox: faults, watches, and how the lab was before. */
import type { Lab } from '../lab/lab.ts';
import type { WatchStore } from '../lab/ports.ts';
import type { TemplateVersion } from '../templates/types.ts';
import { LookFailure } from './look-failure.ts';
import type { Forks } from './trials/forks.ts';
import type { FaultTimes, LabRecords } from './types.ts';

interface RecordsOf {
  readonly lab: Lab;
  readonly version: TemplateVersion;
  readonly events: Readonly<Record<string, FaultTimes>>;
  readonly watches: Pick<WatchStore, 'watchRuns'>;
  readonly forks: Pick<Forks, 'reference' | 'scratch'>;
}

export function attemptRecords({ lab, version, events, watches, forks }: RecordsOf): LabRecords {
  return {
    events,
    stepStartedAt: null,
    async watch(id, since, signal) {
      const spec = version.template.watches.find((one) => one.id === id);
      if (spec === undefined || lab.readyAt === null) {
        throw new LookFailure('bug', 'This check is broken.', `there is no watch ${id}`);
      }
      const runs = await watches.watchRuns(lab.id, id, since);
      signal.throwIfAborted();
      return { spec, readyAt: lab.readyAt, runs };
    },
    reference: forks.reference,
    scratch: forks.scratch,
  };
}
