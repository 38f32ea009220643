import type { CheckChange } from '../../grading/regrade/types.ts';

/** Regrades as the API gives them. */
export interface RegradeWire {
  readonly id: string;
  readonly state: string;
  readonly template: string;
  readonly from: string | null;
  readonly to: string;
  readonly lab: string | null;
  readonly check: string | null;
  readonly finals: boolean;
  readonly attempts: number;
  readonly changed: number;
  readonly changedFinals: number;
  readonly kept: number;
  readonly askedBy: string;
  readonly askedAt: string;
}

export interface ItemWire {
  readonly lab: string;
  readonly attempt: number;
  readonly final: boolean;
  readonly pointsBefore: number;
  readonly points: number;
  readonly kept: Readonly<Record<string, readonly string[]>>;
  readonly changes: readonly CheckChange[];
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}
