import type { AttemptView } from '../../grading/attempt-service.ts';
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

export type Access = Readonly<
  Record<string, { readonly kind: string; readonly facts: Readonly<Record<string, Json>> }>
>;

/** `/labs/<id>/…`, whatever was typed. */
export function labPath(id: string, ...rest: string[]): string {
  return `/labs/${[id, ...rest].map(encodeURIComponent).join('/')}`;
}
