/** What the HTTP API is made of. All of it is passed in: the app is a function of its dependencies. */
import type { FastifyBaseLogger } from 'fastify';
import type { Registry } from 'prom-client';
import type { ExportService } from '../exports/export-service.ts';
import type { AttemptService } from '../grading/attempt-service.ts';
import type { ExplainService } from '../grading/explain/explain-service.ts';
import type { OperationService } from '../grading/operations/operation-service.ts';
import type { SnapshotService } from '../grading/operations/snapshot-service.ts';
import type { PeopleService } from '../grading/people-service.ts';
import type { RegradeService } from '../grading/regrade/regrade-service.ts';
import type { AuditLog } from '../lab/audit.ts';
import type { Clock } from '../lab/clock.ts';
import type { Kubeconfigs } from '../lab/kubeconfigs.ts';
import type { LabPhase } from '../lab/lab.ts';
import type { LabService } from '../lab/lab-service.ts';
import type { LabQueue, LabStore } from '../lab/ports.ts';
import type { ClassService } from '../lab/releases/class-service.ts';
import type { ReleaseService } from '../lab/releases/release-service.ts';
import type { ServedTemplates } from '../lab/releases/served-templates.ts';
import type { Telemetry } from '../lab/telemetry.ts';
import type { TokenStore } from '../lab/tokens.ts';
import type { ProgramService } from '../programs/service.ts';
import type { PageOpener } from '../proxy/open-page.ts';
import type { BackendName } from '../templates/types.ts';
import type { LabSocketDeps } from './lab-sockets.ts';

export interface AppDeps {
  readonly labs: LabService;
  readonly attempts: AttemptService;
  readonly people: PeopleService;
  readonly regrades: RegradeService;
  readonly explain: ExplainService;
  readonly operations: OperationService;
  readonly snapshots: SnapshotService;
  readonly exports: ExportService;
  readonly programs: ProgramService;
  readonly releases: ReleaseService;
  readonly classes: ClassService;
  readonly templates: ServedTemplates;
  /** Event streams poll with it: one query a tick for all of them. */
  readonly events: Pick<LabStore, 'eventsSince' | 'appendEvents'>;
  readonly tokens: TokenStore;
  /** Every write of a person is recorded in it. */
  readonly audit: AuditLog;
  readonly queue: Pick<LabQueue, 'depth'>;
  /** The backends that this installation has, in order of preference. */
  readonly backends: readonly BackendFacts[];
  /** What `/readyz` looks at, side by side. */
  readonly probes: readonly Probe[];
  readonly facts: MetricFacts;
  /** A registry of this app's own; `/metrics` prints it whole, so others may add to it. */
  readonly registry: Registry;
  /** Told of requests; absent: nobody listens. */
  readonly telemetry?: Telemetry;
  readonly clock: Clock;
  /** Only for short memories of our own; times of labs and tokens are the database's. */
  readonly now: () => Date;
  /** Absent: the pages of labs are not served. */
  readonly pages?: PageOpener;
  /** Absent: nobody is given a kubeconfig. */
  readonly kubeconfigs?: Kubeconfigs;
  /** Absent: there are no terminals and tunnels. */
  readonly sockets?: LabSocketDeps;
  readonly randomBytes: (size: number) => Uint8Array;
  /** The nearest known word, or null. */
  readonly nearest: (word: string, known: readonly string[]) => string | null;
  readonly log: FastifyBaseLogger;
  /** Shown by the pages and the OpenAPI document. */
  readonly version: string;
}

export interface BackendFacts {
  readonly name: BackendName;
  /** False: labs on it are not held apart from hostile trainees. */
  readonly isolation: boolean;
}

export interface Probe {
  /** `database`, `queue`, `backend:process` … */
  readonly name: string;
  /** Without it nothing can be answered: `/readyz` turns 503. The others only show as degraded. */
  readonly required: boolean;
  /** Rejects when the part is down. */
  check(signal: AbortSignal): Promise<void>;
}

/** What only the database knows; read when `/metrics` is. */
export interface MetricFacts {
  read(): Promise<{
    readonly labs: readonly {
      readonly phase: LabPhase;
      readonly template: string;
      readonly backend: string;
      readonly count: number;
    }[];
    /** Phase that should pass → seconds that a lab has been in it, the longest. */
    readonly phaseAges: Readonly<Partial<Record<LabPhase, number>>>;
    /** Of the row that is due and has waited longest; 0 without one. */
    readonly overdueSeconds: number;
  }>;
}
