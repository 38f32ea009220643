import type { Json } from '../templates/types.ts';

/** Fills `{{path}}` from these roots; throws an error named `FillError` where a value is missing. */
export type Fill = (scope: Readonly<Record<string, Json>>) => {
  text(raw: string): string;
  /** A lone `{{path}}` keeps its type. */
  value(raw: Json): unknown;
};
