/** When our own copying last made a lab stand still, read from its events only when somebody asks. */
import type { LabStore } from '../../lab/ports.ts';

/** Copying 100 MB takes 0.2 s (measured); what meets it is refused for as long, and programs need a moment after it. */
const pauseMs = 5_000;
const pageSize = 1_000;

export interface Pauses {
  /** Whether what was seen at this time may have met a pause of ours. */
  covers(at: Date): Promise<boolean>;
}

export function createPauses(labId: string, labs: Pick<LabStore, 'eventsAfter'>): Pauses {
  let read = 0;
  const begun: number[] = [];
  return {
    async covers(at) {
      for (;;) {
        const events = await labs.eventsAfter(labId, read, pageSize);
        for (const event of events) {
          read = Math.max(read, event.seq);
          if (event.type === 'lab.pausing') begun.push(event.at.getTime());
        }
        if (events.length < pageSize) break;
      }
      const time = at.getTime();
      return begun.some((start) => time >= start - pauseMs && time <= start + pauseMs);
    },
  };
}
