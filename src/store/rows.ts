/** Rows as `row_to_json` gives them, made into what the core knows. */
import type { Lab, LabEvent, Operation, RecordedEvent, Sandbox } from '../lab/lab.ts';
import type { Snapshot } from '../lab/ports.ts';
import { jsonText } from './well-formed.ts';

type Snake<Text extends string> = Text extends `${infer Head}${infer Tail}`
  ? Head extends Lowercase<Head>
    ? `${Head}${Snake<Tail>}`
    : `_${Lowercase<Head>}${Snake<Tail>}`
  : Text;
type JsonRow<T> = {
  readonly [K in keyof T & string as Snake<K>]: Date extends T[K] ? Exclude<T[K], Date> | string : T[K];
};

export type LabJson = JsonRow<Lab>;
export type SandboxJson = JsonRow<Sandbox>;
export type OperationJson = JsonRow<Operation>;

export interface SnapshotRow {
  readonly lab: LabJson | null;
  readonly sandbox: SandboxJson | null;
  readonly now: Date;
}

export interface EventRow {
  readonly lab_id: string;
  readonly seq: number;
  readonly at: Date;
  readonly type: LabEvent['type'];
  readonly data: LabEvent['data'];
}

export function toSnapshot(row: SnapshotRow): Snapshot {
  return { lab: row.lab && toLab(row.lab), sandbox: row.sandbox && toSandbox(row.sandbox), now: row.now };
}

export function toLab(row: LabJson): Lab {
  return {
    id: row.id,
    version: row.version,
    phase: row.phase,
    trainee: row.trainee,
    templateId: row.template_id,
    templateHash: row.template_hash,
    class: row.class,
    backend: row.backend,
    seed: row.seed,
    params: row.params,
    sandboxId: row.sandbox_id,
    createdAt: new Date(row.created_at),
    readyAt: date(row.ready_at),
    expiresAt: new Date(row.expires_at),
    maxExpiresAt: new Date(row.max_expires_at),
    warned: row.warned,
    activeAt: new Date(row.active_at),
    pausedBecause: row.paused_because,
    exportsLeft: row.exports_left,
    endedAt: date(row.ended_at),
    endReason: row.end_reason,
    endDetail: row.end_detail,
  };
}

export function toSandbox(row: SandboxJson): Sandbox {
  return {
    id: row.id,
    version: row.version,
    state: row.state,
    labId: row.lab_id,
    owner: row.owner,
    origin: row.origin,
    templateId: row.template_id,
    templateHash: row.template_hash,
    backend: row.backend,
    components: row.components,
    survey: row.survey,
    failures: row.failures,
    nextTryAt: date(row.next_try_at),
    lastError: row.last_error,
    createdAt: new Date(row.created_at),
  };
}

export function toOperation(row: OperationJson): Operation {
  return {
    id: row.id,
    labId: row.lab_id,
    kind: row.kind,
    name: row.name,
    state: row.state,
    begun: row.begun,
    saved: row.saved,
    sandboxId: row.sandbox_id,
    startedAt: date(row.started_at),
    finishedAt: date(row.finished_at),
    detail: row.detail,
  };
}

export function toEvent(row: EventRow): RecordedEvent {
  return { labId: row.lab_id, seq: row.seq, at: row.at, type: row.type, data: row.data };
}

/** Events as two arrays, which is how statements take them. */
export function eventArrays(events: readonly LabEvent[]): [types: string[], data: string[]] {
  return [events.map((event) => event.type), events.map((event) => jsonText(event.data))];
}

function date(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}
