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

interface Standing {
  readonly verdict: string;
  readonly points: number;
  readonly maxPoints: number;
  readonly message: string | null;
}

export interface ItemWire {
  readonly lab: string;
  readonly attempt: number;
  readonly final: boolean;
  readonly pointsBefore: number;
  readonly points: number;
  readonly kept: Readonly<Record<string, readonly string[]>>;
  readonly changes: readonly {
    readonly check: string;
    readonly because: 'judged' | 'settled';
    readonly from: Standing;
    readonly to: Standing;
    readonly expectations: readonly {
      readonly old: string | null;
      readonly new: string | null;
      readonly metBefore: boolean | null;
      readonly metNow: boolean | null;
    }[];
    readonly observed: Readonly<Record<string, string>>;
  }[];
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}
