/** Raised whenever the same seed number would give other rows; part of a template database's name. */
export const GENERATOR_VERSION = 1;

/** "Today" of the seeded data. Nothing in it depends on the clock. */
export const AS_OF = new Date('2025-06-30T00:00:00Z');

export const TRAINEE_ID = '7a1e0000-0000-4000-8000-000000000001';
export const FIRST_TENANT_ID = '7e000000-0000-4000-8000-000000000001';

export interface Scale {
  tenants: number;
  customers: number;
  /** How many months back the first customer signed up. */
  months: number;
  tickets: number;
  metricsEveryMinutes: number;
  /** Days of usage records, for one in `usageOfOneIn` internet and mobile services. */
  usageDays: number;
  usageOfOneIn: number;
}

export const scales = {
  S: {
    tenants: 3,
    customers: 120,
    months: 12,
    tickets: 150,
    metricsEveryMinutes: 60,
    usageDays: 10,
    usageOfOneIn: 1,
  },
  M: {
    tenants: 5,
    customers: 9_000,
    months: 46,
    tickets: 6_000,
    metricsEveryMinutes: 5,
    usageDays: 10,
    usageOfOneIn: 4,
  },
} as const satisfies Record<string, Scale>;

export type ScaleName = keyof typeof scales;
