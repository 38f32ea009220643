/**
 * A worker: serves the doorbell, sweeps what is due, reaps what nobody owns and keeps the stock. Any number may run
 * beside each other; what one leaves undone another finds.
 */
import type { BackendName, TemplateSource } from '../templates/types.ts';
import type { Leaving } from './leaving.ts';
import type { LabOrSandboxKey, SandboxDriver, WakeKey } from './ports.ts';
import { prune } from './prune.ts';
import { reap } from './reap.ts';
import { reconcile } from './reconcile.ts';
import type { Stock } from './stock.ts';
import type { ReconcileDeps } from './subject.ts';
import { sweep } from './sweep.ts';
import { untold } from './telemetry.ts';
import { whileHeld } from './while-held.ts';

export interface WorkerDeps extends Omit<ReconcileDeps, 'onStockChanged'> {
  readonly stock: Stock;
  readonly templates: TemplateSource;
  /** Grades one attempt; returns when it is recorded or not its to record. */
  readonly runAttempt: (attemptId: string, signal: AbortSignal) => Promise<void>;
  /** Does one operation; returns when it is recorded, not its to record, or when it is left for another worker. */
  readonly runOperation: (operationId: string, leaving: Leaving) => Promise<void>;
  /** Samples a lab's watches until the lab or this worker stops. */
  readonly watchLab: (labId: string, signal: AbortSignal) => Promise<void>;
  /** How often each duty is done. */
  readonly every: {
    readonly sweepMs: number;
    readonly reapMs: number;
    readonly stockMs: number;
    readonly pruneMs: number;
  };
}

export interface Worker {
  /** Takes no new work, gives running work `graceMs`, then aborts it. What is undone is found again by any worker. */
  stop(graceMs: number): Promise<void>;
}

const sweepLimit = 32;
/**
 * What nobody waits for begins a little after the start: the stock reads all templates, and parsing one takes 50 ms
 * (measured) in which a process that also serves requests answers none.
 */
const settleMs = 1_000;

/** A watch goes on for as long as its lab, an operation for as long as its waits. */
function isLong(key: WakeKey): boolean {
  return key.startsWith('watch:') || key.startsWith('operation:');
}

export function startWorker(deps: WorkerDeps): Worker {
  const stopping = new AbortController();
  const hurry = new AbortController();
  const running = new Map<WakeKey, Promise<void>>();
  const ringsMeanwhile = new Set<WakeKey>();
  let stockWanted = false;
  const telemetry = deps.telemetry ?? untold;

  const hold = { ...deps, leaseSeconds: deps.policy.leaseSeconds };
  const reconcileDeps: ReconcileDeps = {
    ...deps,
    onStockChanged: ({ templateHash, failed }) => {
      if (failed) deps.stock.failed(templateHash);
      stockWanted = true;
    },
  };

  /** One run at a time per key in this process; a ring during a run makes one more run after it. */
  async function handle(key: WakeKey): Promise<void> {
    const present = running.get(key);
    if (present !== undefined) {
      ringsMeanwhile.add(key);
      return present;
    }
    const run = runUntilQuiet(key);
    running.set(key, run);
    return run;
  }

  async function runUntilQuiet(key: WakeKey): Promise<void> {
    try {
      do {
        ringsMeanwhile.delete(key);
        await runOnce(key);
      } while (ringsMeanwhile.has(key) && !stopping.signal.aborted);
    } catch (thrown) {
      deps.log.error({ key, err: thrown }, 'a run failed; its row is due again when the lease ends');
    } finally {
      running.delete(key);
    }
  }

  async function runOnce(key: WakeKey): Promise<void> {
    const id = key.slice(key.indexOf(':') + 1);
    if (key.startsWith('attempt:')) {
      return telemetry.span('grade', { attempt: id }, () => deps.runAttempt(id, hurry.signal));
    }
    if (isLong(key)) return runLong(key, id);
    await telemetry.span('reconcile', { [key.startsWith('lab:') ? 'lab' : 'sandbox']: id }, async () => {
      const outcome = await whileHeld(key, hold, () =>
        reconcile(key as LabOrSandboxKey, reconcileDeps, hurry.signal),
      );
      telemetry.note({ outcome });
    });
    if (stockWanted) {
      stockWanted = false;
      await deps.stock.keep();
    }
  }

  /** What is left undone by a worker that stops is due at once, not when its lease ends. */
  async function runLong(key: WakeKey, id: string): Promise<void> {
    try {
      await whileHeld(key, hold, () =>
        key.startsWith('watch:')
          ? deps.watchLab(id, stopping.signal)
          : telemetry.span('operation', { operation: id }, () =>
              deps.runOperation(id, { soon: stopping.signal, now: hurry.signal }),
            ),
      );
    } finally {
      if (stopping.signal.aborted) await deps.labs.holdDue(key, 0);
    }
  }

  /** False when the sleep was cut short. */
  async function sleeps(ms: number, signal: AbortSignal): Promise<boolean> {
    try {
      await deps.clock.sleep(ms, signal);
      return true;
    } catch {
      return false;
    }
  }

  /** @param firstMs when it is done first */
  async function repeat(
    firstMs: number,
    everyMs: number,
    duty: string,
    work: () => Promise<unknown>,
  ): Promise<void> {
    for (let pauseMs = firstMs; await sleeps(pauseMs, stopping.signal); pauseMs = everyMs) {
      try {
        await work();
      } catch (thrown) {
        if (!stopping.signal.aborted)
          deps.log.warn({ duty, err: thrown }, `${duty} failed; it is tried again`);
      }
    }
  }

  const drivers: readonly SandboxDriver[] = [
    ...(deps.drivers as ReadonlyMap<BackendName, SandboxDriver>).values(),
  ];
  for (const driver of drivers) {
    driver.onTrouble((sandboxId) => {
      if (!stopping.signal.aborted) void deps.queue.wake(`sandbox:${sandboxId}`);
    });
  }
  const { every, policy } = deps;
  // Not awaited as a whole: one slow lab must not keep the next sweep from the others.
  const sweepNow = () => sweep(deps.labs, policy.leaseSeconds, sweepLimit, async (key) => void handle(key));
  // What must happen once, or has one holder, is begun by who claims its row: a ring may come twice, and long after.
  // Nor has what goes on for minutes a place in the queue.
  deps.queue.onWake((key) => (isLong(key) ? sweepNow().then(() => {}) : handle(key)));
  const duties = [
    repeat(0, every.sweepMs, 'sweep', sweepNow),
    repeat(settleMs, every.reapMs, 'reap', async () => {
      for (const driver of drivers) {
        const sandboxes = await reap(driver, deps.labs, policy.reapGraceSeconds, deps.log, stopping.signal);
        if (sandboxes > 0) telemetry.event('reaped', { backend: driver.name, sandboxes });
      }
    }),
    repeat(settleMs, every.stockMs, 'stock', () => deps.stock.keep()),
    repeat(every.pruneMs, every.pruneMs, 'prune', () => prune({ ...deps, drivers }, stopping.signal)),
    repeat(every.pruneMs, every.pruneMs, 'prune exports', () => deps.exporter.prune()),
  ];

  return {
    async stop(graceMs) {
      stopping.abort();
      const timer = setTimeout(() => hurry.abort(), graceMs);
      try {
        await Promise.all([deps.queue.close(graceMs), ...duties]);
        await Promise.all(running.values());
      } finally {
        clearTimeout(timer);
        hurry.abort();
      }
    },
  };
}
