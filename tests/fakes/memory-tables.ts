/** The rows of the in-memory store. Rows are replaced, never changed, so handing one out leaks nothing. */
import type { Attempt, CheckProgress, CheckResult } from '../../src/grading/types.ts';
import type { Lab, LabEvent, RecordedEvent, Sandbox } from '../../src/lab/lab.ts';
import { jsonText } from '../../src/store/well-formed.ts';
import type { Json, TemplateVersion } from '../../src/templates/types.ts';

export interface LabRow {
  readonly lab: Lab;
  readonly dueAt: Date | null;
}

export interface SandboxRow {
  readonly sandbox: Sandbox;
  readonly dueAt: Date | null;
}

export interface AttemptRow {
  readonly attempt: Attempt;
  readonly fence: number;
  readonly sandboxId: string | null;
  readonly generations: Readonly<Record<string, number>>;
  readonly dueAt: Date | null;
}

/** What is behind the store: for a simulation's invariants, not for the code under test. */
export class MemoryTables {
  readonly labs = new Map<string, LabRow>();
  readonly sandboxes = new Map<string, SandboxRow>();
  readonly attempts = new Map<string, AttemptRow>();
  readonly events = new Map<string, RecordedEvent[]>();
  readonly keys = new Map<string, { readonly bodyHash: string; readonly labId: string }>();
  readonly progress = new Map<string, Map<string, CheckProgress>>();
  readonly answers = new Map<string, Map<string, string | number>>();
  readonly hints = new Map<string, Map<string, number>>();
  readonly evidence = new Map<string, Uint8Array>();
  readonly templates = new Map<string, TemplateVersion>();

  append(labId: string, events: readonly LabEvent[], at: Date): void {
    const log = this.events.get(labId) ?? [];
    for (const event of events) {
      log.push({ type: event.type, data: stored(event.data), labId, seq: log.length + 1, at });
    }
    this.events.set(labId, log);
  }

  sandboxOf(lab: Lab): Sandbox | null {
    return lab.sandboxId === null ? null : (this.sandboxes.get(lab.sandboxId)?.sandbox ?? null);
  }

  attemptsOf(labId: string): AttemptRow[] {
    return [...this.attempts.values()]
      .filter((row) => row.attempt.labId === labId)
      .sort((a, b) => a.attempt.number - b.attempt.number);
  }
}

/** A value as a database would give it back: a copy, with only the characters that it can hold. */
export function stored<
  T extends Json | readonly Json[] | Readonly<Record<string, unknown>> | readonly CheckResult[],
>(value: T): T {
  return JSON.parse(jsonText(value));
}

export function inner<K, V>(outer: Map<string, Map<K, V>>, key: string): Map<K, V> {
  const found = outer.get(key);
  if (found) return found;
  const made = new Map<K, V>();
  outer.set(key, made);
  return made;
}

/** Later by so many seconds. */
export function after(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}
