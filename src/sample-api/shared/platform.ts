import type { BootstrapUser } from '../config.ts';
import type { Variant } from '../variants.ts';
import type { Database } from './database.ts';
import type { PerformanceMonitor } from './monitoring.ts';
import type { Tokens } from './tokens.ts';

/** What modules are built from. */
export interface Platform {
  db: Database;
  tokens: Tokens;
  variant: Variant;
  bootstrap: BootstrapUser | undefined;
  performanceMonitor: PerformanceMonitor;
}
