/** The rows of the in-memory store. Rows are replaced, never changed, so handing one out leaks nothing. */
import type {
  Attempt,
  CheckProgress,
  CheckResult,
  HelpRequest,
  Mark,
  Override,
} from '../../src/grading/types.ts';
import type {
  Lab,
  LabEvent,
  Operation,
  RecordedEvent,
  Sandbox,
  SandboxOrigin,
  WatchRun,
} from '../../src/lab/lab.ts';
import type { NewSandbox } from '../../src/lab/ports.ts';
import type { Act, ClassRecord } from '../../src/lab/releases/types.ts';
import { jsonText } from '../../src/store/well-formed.ts';
import type { AnswerValue, Json, TemplateVersion } from '../../src/templates/types.ts';

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
  readonly alone: boolean;
  readonly counted: boolean;
  readonly fence: number;
  readonly sandboxId: string | null;
  readonly generations: Readonly<Record<string, number>>;
  readonly dueAt: Date | null;
}

export interface OperationRow {
  readonly operation: Operation;
  readonly fence: number;
  readonly dueInSeconds: number | null;
  /** While its lab is paused: how long it still has to wait. */
  readonly leftMs: number | null;
  readonly dueAt: Date | null;
}

interface WatchRow {
  readonly fence: number;
  readonly dueAt: Date | null;
}

interface StagedRow {
  readonly templateId: string;
  readonly hash: string;
  readonly at: Date;
  readonly act: Act;
}

export interface ReleaseRow extends StagedRow {
  readonly withdrawn: { readonly at: Date; readonly act: Act } | null;
}

/** Rows by id; counts how often it was written to. */
class Rows<Row> extends Map<string, Row> {
  writes = 0;

  override set(id: string, row: Row): this {
    this.writes = (this.writes ?? 0) + 1;
    return super.set(id, row);
  }

  override delete(id: string): boolean {
    this.writes++;
    return super.delete(id);
  }
}

/** What is behind the store: for a simulation's invariants, not for the code under test. */
export class MemoryTables {
  readonly labs = new Rows<LabRow>();
  readonly sandboxes = new Rows<SandboxRow>();
  readonly attempts = new Rows<AttemptRow>();
  readonly events = new Map<string, RecordedEvent[]>();
  readonly keys = new Map<string, { readonly bodyHash: string; readonly labId: string }>();
  readonly progress = new Map<string, Map<string, CheckProgress>>();
  readonly answers = new Map<string, Map<string, AnswerValue>>();
  readonly hints = new Map<string, Map<string, number>>();
  readonly evidence = new Map<string, Uint8Array>();
  readonly templates = new Map<string, TemplateVersion>();
  /** In the order in which they were planted. */
  readonly operations = new Rows<OperationRow>();
  readonly watches = new Map<string, WatchRow>();
  readonly samples = new Map<string, Map<string, WatchRun>>();
  readonly marks = new Map<string, Map<string, Mark>>();
  readonly overrides = new Map<string, Map<string, Override>>();
  readonly help = new Map<string, HelpRequest>();
  /** In the order in which they were staged, and released. */
  readonly staged: StagedRow[] = [];
  readonly releases: ReleaseRow[] = [];
  readonly classes = new Map<string, Omit<ClassRecord, 'labs'>>();
  /** The last one that any operation was given. */
  fences = 0;

  /** Raised whenever a lab, a sandbox, an attempt or an operation changes. */
  get writes(): number {
    return this.labs.writes + this.sandboxes.writes + this.attempts.writes + this.operations.writes;
  }

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
  T extends
    | Json
    | readonly Json[]
    | Readonly<Record<string, unknown>>
    | readonly CheckResult[]
    | SandboxOrigin,
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

export function isLiving(sandbox: Sandbox): boolean {
  return sandbox.state === 'building' || sandbox.state === 'up';
}

/** As it is before anything of it was made. */
export function freshSandbox(input: NewSandbox, labId: string | null, createdAt: Date): Sandbox {
  const component = { generation: 1, observed: 'unknown', servedGeneration: 0, detail: null } as const;
  return {
    id: input.id,
    version: 1,
    state: 'building',
    labId,
    owner: null,
    origin: input.origin ? stored(input.origin) : null,
    templateId: input.templateId,
    templateHash: input.templateHash,
    backend: input.backend,
    components: Object.fromEntries(input.components.map((name) => [name, component])),
    survey: null,
    failures: 0,
    nextTryAt: null,
    lastError: null,
    createdAt,
  };
}
