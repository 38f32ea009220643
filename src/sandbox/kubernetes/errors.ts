/** What the cluster's API says when something cannot be done, as a LabError that says what to do about it. */
import { type ErrorCode, LabError } from '../../lab/errors.ts';

/** The API's own `Status` of a failure. */
export interface ApiStatus {
  readonly code: number;
  /** One word, such as `AlreadyExists`. */
  readonly reason: string;
  readonly message: string;
  readonly causes: readonly string[];
  /** Null: it does not say. */
  readonly retryAfterSeconds: number | null;
}

/** An answer that is a failure; the cause of the LabError that is made of it. */
export class ApiFailure extends Error {
  readonly api: ApiStatus;

  constructor(api: ApiStatus) {
    super(api.message);
    this.name = 'ApiFailure';
    this.api = api;
  }
}

/** The API's HTTP status, also where it has become a LabError; null: it did not answer. */
export function statusOf(thrown: unknown): number | null {
  return failureOf(thrown)?.code ?? null;
}

export function failureOf(thrown: unknown): ApiStatus | null {
  const inner = thrown instanceof LabError ? thrown.cause : thrown;
  return inner instanceof ApiFailure ? inner.api : null;
}

/** @param body what the API answered: a `Status`, or anything of a proxy before it. */
export function readStatus(code: number, body: string, retryAfter: string | undefined): ApiStatus {
  const seconds = retryAfter === undefined ? null : Number(retryAfter);
  const header = seconds !== null && Number.isFinite(seconds) ? seconds : null;
  try {
    const told = JSON.parse(body) as {
      readonly kind?: unknown;
      readonly reason?: unknown;
      readonly message?: unknown;
      readonly details?: {
        readonly retryAfterSeconds?: number;
        readonly causes?: readonly { readonly reason?: string }[];
      };
    };
    if (told.kind === 'Status') {
      return {
        code,
        reason: String(told.reason ?? ''),
        message: String(told.message ?? '').slice(0, 2_000),
        causes: (told.details?.causes ?? []).map(({ reason }) => reason ?? ''),
        retryAfterSeconds: header ?? told.details?.retryAfterSeconds ?? null,
      };
    }
  } catch {
    // Not the API itself.
  }
  return {
    ...{ code, reason: '', causes: [], retryAfterSeconds: header },
    message: body.trim().slice(0, 300) || `HTTP ${code}`,
  };
}

export interface Asked {
  readonly url: string;
  /** Such as `create pods in namespace lab`. */
  readonly what: string;
  /** False: with the rights of a trainee, whose refusals are no fault of the installation. */
  readonly isOurs: boolean;
}

/** What is a LabError already stays as it is. */
export function clusterError(thrown: unknown, asked: Asked): LabError {
  if (thrown instanceof LabError) return thrown;
  const api = failureOf(thrown);
  if (api === null) return unreachable(thrown, asked);
  const [code, text] = meaningOf(api, asked);
  const wait = api.retryAfterSeconds === null ? {} : { retryAfterSeconds: api.retryAfterSeconds };
  return new LabError(code, text, { cause: thrown, extra: { reason: api.reason }, ...wait });
}

function meaningOf(api: ApiStatus, { url, what, isOurs }: Asked): readonly [ErrorCode, string] {
  const said = sentence(api.message);
  const could = `Kubernetes could not ${what}: ${said}`;
  if (api.code === 401) {
    return isOurs
      ? [
          'backend_unavailable',
          `Kubernetes at ${url} does not take our credentials: they are wrong or have expired. ` +
            'Renew the kubeconfig or the service account that Labwright uses.',
        ]
      : ['object_denied', 'Kubernetes does not take this token: it has expired, or its lab has ended.'];
  }
  if (api.code === 403) return refusal(api, could, what, isOurs);
  if (api.code === 404) return ['object_not_found', could];
  if (api.code === 409) return ['conflict', could];
  if (api.code === 410) return ['conflict', could];
  if (api.code === 413) return ['payload_too_large', could];
  if (api.code === 429) return ['backend_busy', could];
  // An object of the wrong form, which server-side apply calls an error of its own.
  if (/failed to create typed (patch|live) object/.test(api.message)) return ['validation_failed', could];
  if (api.code >= 500) return ['backend_unavailable', `Kubernetes at ${url} could not ${what}: ${said}`];
  return ['validation_failed', could];
}

function refusal(api: ApiStatus, could: string, what: string, isOurs: boolean): readonly [ErrorCode, string] {
  if (api.causes.includes('NamespaceTerminating')) return ['backend_unavailable', could];
  if (!isOurs) return ['object_denied', could];
  if (/exceeded quota/.test(api.message)) {
    return ['backend_busy', `A quota of the cluster is used up. ${could}`];
  }
  // Whom the API knows, but does not let do this; admission refuses in other words.
  if (/ cannot [a-z]+ resource /.test(api.message) || /attempting to grant/.test(api.message)) {
    return [
      'backend_unavailable',
      `Labwright may not ${what}: ${sentence(api.message)} Give it that permission by a ClusterRole.`,
    ];
  }
  return ['validation_failed', could];
}

function unreachable(thrown: unknown, { url, what }: Asked): LabError {
  const { code = '', message } = thrown as Error & { code?: string };
  const unavailable = (text: string) => new LabError('backend_unavailable', text, { cause: thrown });
  if (code === 'TIMEOUT') {
    return unavailable(`Kubernetes at ${url} does not answer in time: it could not ${what}.`);
  }
  if (/CERT|SSL|SELF_SIGNED|ALTNAME|UNABLE_TO/.test(code)) {
    return unavailable(`Kubernetes at ${url} shows a certificate that is not trusted: ${message}.`);
  }
  return unavailable(`Kubernetes at ${url} does not answer (${code || message}): is it running?`);
}

function sentence(text: string): string {
  return `${text.trim().replace(/\.$/, '')}.`;
}
