/** `watch`: what was sampled for the lab's life, as facts about a stretch of it. */
import { z } from 'zod';
import type { LookContext, ObserverKind, Value, ValueType } from '../grading/types.ts';
import { limits } from './limits.ts';
import { LookFailure, look } from './look.ts';
import { dyn, number, object, string, upTo } from './spec-parts.ts';
import { findGap, summarise } from './watch-window.ts';

const longestWindowMs = 24 * 3_600_000;

const spec = z.strictObject({
  id: z.string().min(1),
  since: z
    .string()
    .min(1)
    .optional()
    .describe('From when this fault fired on; absent: from when the lab was ready.'),
  last: upTo(longestWindowMs).optional().describe('Only the newest samples.'),
  firstSteady: upTo(longestWindowMs)
    .optional()
    .describe('When it was good for so long for the first time; after a fault, from when that was done.'),
});

export type WatchLookSpec = z.infer<typeof spec>;

/** `steadyAt` and `steadyAfterSeconds` are null when it never was. */
const watchType: ValueType = object({
  count: number,
  failed: number,
  steadyAt: dyn,
  steadyAfterSeconds: dyn,
  steadyAfterText: string,
  flapsAfter: number,
  last: dyn,
  longestOutageSeconds: number,
});

export const watchObserver: ObserverKind<WatchLookSpec> = {
  kind: 'watch',
  spec,
  resultType: () => watchType,
  components: () => [],
  watches: ({ id }) => [id],
  faults: ({ since }) => (since === undefined ? [] : [since]),
  observe: (asked, context, signal) =>
    look(context, limits.lookMs, signal, (within) => seeWindow(asked, context, within)),
};

async function seeWindow(
  asked: WatchLookSpec,
  { records }: LookContext,
  signal: AbortSignal,
): Promise<Value> {
  const fault = asked.since === undefined ? null : (records.events[asked.since] ?? { at: null, done: null });
  if (fault !== null && fault.at === null) {
    throw new LookFailure(
      'missing',
      `${asked.since} has not happened yet.`,
      `fault ${asked.since} did not fire`,
    );
  }
  const { spec: watch, readyAt, runs } = await records.watch(asked.id, fault?.at ?? null, signal);
  const everyMs = watch.everySeconds * 1000;
  const newest = Math.max(readyAt.getTime(), ...runs.map((run) => run.to.getTime()));
  const now = Date.now();
  // Samples are written every few seconds: the window ends with the newest one, unless that is suspiciously old.
  const until = now - newest > 2 * everyMs + limits.watchTailMs ? now : newest;
  const begins = (fault?.at ?? readyAt).getTime();
  const from = asked.last === undefined ? begins : Math.max(begins, until - asked.last);
  const steadyFrom = fault === null ? from : (fault.done?.getTime() ?? null);
  const window = { everyMs, from, until, steadyFrom, firstSteadyMs: asked.firstSteady ?? null };
  const gap = findGap(runs, window, limits.watchTailMs);
  if (gap !== null) {
    const between = `${new Date(gap.from).toISOString()} and ${new Date(gap.until).toISOString()}`;
    const reason = 'This was not watched all the time, which is not your doing.';
    throw new LookFailure('gap', reason, `no sample of ${asked.id} between ${between}`);
  }
  const { steadyAt, longestOutageMs, ...counted } = summarise(runs, window);
  const after = steadyAt === null || steadyFrom === null ? null : Math.round((steadyAt - steadyFrom) / 1000);
  return {
    ...counted,
    steadyAt: steadyAt === null ? null : new Date(steadyAt),
    steadyAfterSeconds: after,
    steadyAfterText: after === null ? 'never' : durationText(after),
    longestOutageSeconds: longestOutageMs / 1000,
  };
}

/** `90` → `1 min 30 s`. */
function durationText(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const said = parts.filter(([amount]) => amount > 0).map(([amount, unit]) => `${amount} ${unit}`);
  return said.length === 0 ? '0 s' : said.join(' ');
}
