/** What the HTTP API is made of. All of it is passed in: the app is a function of its dependencies. */
import type { FastifyBaseLogger } from 'fastify';
import type { Registry } from 'prom-client';
import type { AttemptService } from '../grading/attempt-service.ts';
import type { Verdict } from '../grading/types.ts';
import type { Clock } from '../lab/clock.ts';
import type { LabPhase } from '../lab/lab.ts';
import type { Caller, LabService } from '../lab/lab-service.ts';
import type { LabQueue, LabStore } from '../lab/ports.ts';
import type { BackendName, TemplateSource } from '../templates/types.ts';

export interface AppDeps {
  readonly labs: LabService;
  readonly attempts: AttemptService;
  readonly templates: TemplateSource;
  /** Event streams poll with it: one query a tick for all of them. */
  readonly events: Pick<LabStore, 'eventsSince'>;
  readonly tokens: TokenStore;
  readonly queue: Pick<LabQueue, 'depth'>;
  /** The backends that this installation has, in order of preference. */
  readonly backends: readonly BackendFacts[];
  /** What `/readyz` looks at, side by side. */
  readonly probes: readonly Probe[];
  readonly facts: MetricFacts;
  /** A registry of this app's own; `/metrics` prints it whole, so others may add to it. */
  readonly registry: Registry;
  readonly clock: Clock;
  /** Only for short memories of our own; times of labs and tokens are the database's. */
  readonly now: () => Date;
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

/** Counts that only the database knows; read when `/metrics` is. */
export interface MetricFacts {
  read(): Promise<{
    readonly labsByPhase: Readonly<Partial<Record<LabPhase, number>>>;
    /** Recorded results of finished attempts. */
    readonly checksByVerdict: Readonly<Partial<Record<Verdict, number>>>;
    /** Seconds from request to ready over the last hour's labs; null when there were none. */
    readonly secondsToReady: { readonly p50: number; readonly p95: number } | null;
  }>;
}

// ----------------------------------------------------------------------------------------------------------- tokens

export interface TokenRecord {
  readonly id: string;
  readonly role: Caller['role'];
  readonly subject: string;
  /** What people know it by. */
  readonly name: string;
  readonly createdAt: Date;
  /** Null: it does not expire. */
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
}

export interface FoundToken extends TokenRecord {
  /** By the database's clock, when it was looked up. */
  readonly state: 'valid' | 'expired' | 'revoked';
}

interface NewToken {
  readonly id: string;
  readonly role: Caller['role'];
  readonly subject: string;
  readonly name: string;
  /** sha256 of the token. The token itself is never stored. */
  readonly hash: Uint8Array;
  readonly ttlSeconds: number | null;
}

export interface TokenLookup {
  /** Also finds expired and revoked ones: `state` says which. */
  findByHash(hash: Uint8Array): Promise<FoundToken | null>;
  /** Notes that it was used. */
  touch(id: string): Promise<void>;
}

interface TokenStore extends TokenLookup {
  create(token: NewToken): Promise<TokenRecord>;
  /** Expired and revoked ones too. */
  list(): Promise<readonly TokenRecord[]>;
  /** False when there is no such token or it was revoked before. */
  revoke(id: string): Promise<boolean>;
}
