/** What was found of something that Labwright needs, and what to do about it. */
export interface Finding {
  /** `machine`, `control database`, `queue`, or `backend <name>`. */
  readonly area: string;
  readonly what: string;
  /** `warn`: it works, with a limit that `remedy` lifts. */
  readonly status: 'ok' | 'warn' | 'missing';
  readonly found: string;
  readonly remedy: string | null;
}

export type Found = Omit<Finding, 'area' | 'what'>;
export type Look = () => Promise<Found> | Found;
export type Looks = readonly (readonly [area: string, what: string, look: Look])[];

export const ok = (found: string): Found => ({ status: 'ok', found, remedy: null });
export const warn = (found: string, remedy: string): Found => ({ status: 'warn', found, remedy });
export const missing = (found: string, remedy: string): Found => ({ status: 'missing', found, remedy });
