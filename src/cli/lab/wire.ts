import type { AttemptView } from '../../grading/attempt-view.ts';
import type { Json } from '../../templates/types.ts';

/** A value as it arrives: times are ISO text. */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer E)[]
    ? readonly Wire<E>[]
    : T extends object
      ? { readonly [K in keyof T]: Wire<T[K]> }
      : T;

export type AttemptWire = Wire<AttemptView>;

/** `GET /labs/{id}/access`. */
export interface Access {
  readonly components: Readonly<
    Record<string, { readonly kind: string; readonly facts: Readonly<Record<string, Json>> }>
  >;
  readonly isolated: boolean;
  /** What people must know before they put anything there. */
  readonly note: string | null;
  /** For its namespaces; null: it has none, or the note says why not. */
  readonly kubeconfig: {
    readonly text: string;
    readonly expiresAt: string;
    readonly contexts: readonly string[];
  } | null;
  readonly kubeconfigNote: string | null;
}

/** `/labs/<id>/…`, whatever was typed. */
export function labPath(id: string, ...rest: string[]): string {
  return `/labs/${[id, ...rest].map(encodeURIComponent).join('/')}`;
}
