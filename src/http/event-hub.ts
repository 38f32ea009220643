/**
 * One poller for all event streams of this process: N clients cost one query a tick, not N. It sleeps while nobody
 * listens. Each stream keeps its own place, so events come without gaps or doubles whatever was polled for others.
 */
import type { Clock } from '../lab/clock.ts';
import type { RecordedEvent } from '../lab/lab.ts';
import type { LabStore } from '../lab/ports.ts';

interface EventSink {
  /** False while its reader is behind: nothing is polled for it, so nothing piles up and nothing is lost. */
  ready(): boolean;
  /** Events in order, each once. */
  take(events: readonly RecordedEvent[]): void;
  /** Nothing has happened for a while. */
  beat(): void;
  /** The server stops: no more will come. */
  end(): void;
}

export interface EventHub {
  /** Events of the lab after number `after` go to the sink until the returned function is called. */
  subscribe(labId: string, after: number, sink: EventSink): () => void;
  /** Ends every stream and stops polling. */
  close(): void;
}

export interface EventHubOptions {
  readonly events: Pick<LabStore, 'eventsSince'>;
  readonly clock: Clock;
  readonly tickMs: number;
  readonly heartbeatMs: number;
  readonly onError: (thrown: unknown) => void;
}

/** Most events of one lab that a tick brings; the rest comes with the next. */
const pageSize = 500;

interface Subscription {
  readonly labId: string;
  readonly sink: EventSink;
  seen: number;
}

export function createEventHub(options: EventHubOptions): EventHub {
  const { clock, tickMs, heartbeatMs } = options;
  const subscriptions = new Set<Subscription>();
  const stop = new AbortController();
  let running = false;

  async function poll(): Promise<void> {
    const waiting = [...subscriptions].filter(({ sink }) => sink.ready());
    if (waiting.length === 0) return;
    const after = new Map<string, number>();
    for (const { labId, seen } of waiting) {
      after.set(labId, Math.min(seen, after.get(labId) ?? seen));
    }
    const events = await options.events.eventsSince(after, pageSize);
    const byLab = Map.groupBy(events, (event) => event.labId);
    for (const subscription of waiting) {
      const fresh = (byLab.get(subscription.labId) ?? []).filter((event) => event.seq > subscription.seen);
      const last = fresh.at(-1);
      if (last === undefined || !subscriptions.has(subscription)) continue;
      subscription.seen = last.seq;
      subscription.sink.take(fresh);
    }
  }

  async function run(): Promise<void> {
    let sinceBeat = 0;
    let failing = false;
    while (subscriptions.size > 0 && !stop.signal.aborted) {
      try {
        await poll();
        failing = false;
      } catch (thrown) {
        // Streams stay open and catch up when the database is back; an outage is told once, not each tick.
        if (!failing) options.onError(thrown);
        failing = true;
      }
      await clock.sleep(failing ? tickMs * 4 : tickMs, stop.signal);
      sinceBeat += tickMs;
      if (sinceBeat >= heartbeatMs) {
        for (const { sink } of [...subscriptions]) sink.beat();
        sinceBeat = 0;
      }
    }
  }

  function ensureRunning(): void {
    if (running || stop.signal.aborted) return;
    running = true;
    run()
      .catch((thrown: unknown) => {
        if (!stop.signal.aborted) options.onError(thrown);
      })
      .finally(() => {
        running = false;
        if (subscriptions.size > 0) ensureRunning();
      });
  }

  return {
    subscribe(labId, after, sink) {
      const subscription: Subscription = { labId, sink, seen: after };
      if (stop.signal.aborted) sink.end();
      else subscriptions.add(subscription);
      ensureRunning();
      return () => subscriptions.delete(subscription);
    },
    close() {
      stop.abort();
      for (const { sink } of [...subscriptions]) sink.end();
      subscriptions.clear();
    },
  };
}
