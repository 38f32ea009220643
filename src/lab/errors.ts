/**
 * The one error type of Labwright. A code is stable and is what callers branch on; the table says which HTTP status
 * it becomes and whether trying again can help.
 */
const table = {
  bad_request: { status: 400, permanent: true },
  malformed_json: { status: 400, permanent: true },
  unauthenticated: { status: 401, permanent: true },
  token_expired: { status: 401, permanent: true },
  forbidden: { status: 403, permanent: true },
  not_found: { status: 404, permanent: true },
  lab_not_found: { status: 404, permanent: true },
  template_not_found: { status: 404, permanent: true },
  program_not_found: { status: 404, permanent: true },
  component_not_found: { status: 404, permanent: true },
  /** Of an object in a trainee's namespace. */
  object_not_found: { status: 404, permanent: true },
  object_denied: { status: 403, permanent: true },
  question_not_found: { status: 404, permanent: true },
  attempt_not_found: { status: 404, permanent: true },
  check_not_found: { status: 404, permanent: true },
  task_not_found: { status: 404, permanent: true },
  fault_not_found: { status: 404, permanent: true },
  button_not_found: { status: 404, permanent: true },
  checkpoint_not_found: { status: 404, permanent: true },
  snapshot_not_found: { status: 404, permanent: true },
  export_not_found: { status: 404, permanent: false },
  help_not_found: { status: 404, permanent: true },
  regrade_not_found: { status: 404, permanent: true },
  version_not_found: { status: 404, permanent: true },
  class_not_found: { status: 404, permanent: true },
  method_not_allowed: { status: 405, permanent: true },
  idempotency_conflict: { status: 409, permanent: true },
  lab_not_ready: { status: 409, permanent: false },
  lab_ended: { status: 409, permanent: true },
  attempt_running: { status: 409, permanent: false },
  not_yet: { status: 409, permanent: false },
  nothing_to_skip: { status: 409, permanent: true },
  nothing_to_keep: { status: 409, permanent: true },
  nothing_staged: { status: 409, permanent: true },
  nothing_to_roll_back: { status: 409, permanent: true },
  attempts_used_up: { status: 409, permanent: true },
  past_due: { status: 409, permanent: true },
  snapshots_used_up: { status: 409, permanent: false },
  conflict: { status: 409, permanent: false },
  payload_too_large: { status: 413, permanent: true },
  unsupported_media_type: { status: 415, permanent: true },
  validation_failed: { status: 422, permanent: true },
  mark_invalid: { status: 422, permanent: true },
  extend_too_long: { status: 422, permanent: true },
  backend_not_supported: { status: 422, permanent: true },
  template_invalid: { status: 422, permanent: true },
  quota_trainee: { status: 429, permanent: false },
  quota_global: { status: 429, permanent: false },
  too_soon: { status: 429, permanent: false },
  internal: { status: 500, permanent: false },
  database_unavailable: { status: 503, permanent: false },
  backend_unavailable: { status: 503, permanent: false },
  backend_busy: { status: 503, permanent: false },
  provision_failed: { status: 500, permanent: false },
  seed_failed: { status: 500, permanent: true },
  start_failed: { status: 500, permanent: false },
  timed_out: { status: 504, permanent: false },
  aborted: { status: 503, permanent: false },
} as const;

export type ErrorCode = keyof typeof table;

export interface ErrorDetails {
  /** What else a client may want to know, by field; never a secret. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

export class LabError extends Error {
  readonly code: ErrorCode;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds: number | null;

  /** @param message says what was found, what is allowed and what to do, for a person. */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = 'LabError';
    this.code = code;
    this.extra = details.extra ?? {};
    this.retryAfterSeconds = details.retryAfterSeconds ?? null;
  }

  /** The HTTP status of this code. */
  get status(): number {
    return table[this.code].status;
  }

  /** Whether the same call can never succeed. */
  get permanent(): boolean {
    return table[this.code].permanent;
  }
}

/** Any thrown value as a LabError; what is not one becomes `internal` with the cause kept. */
export function asLabError(thrown: unknown): LabError {
  if (thrown instanceof LabError) return thrown;
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return new LabError('aborted', 'The work was stopped before it was done.', { cause: thrown });
  }
  return new LabError('internal', thrown instanceof Error ? thrown.message : String(thrown), {
    cause: thrown,
  });
}
