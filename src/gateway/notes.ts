/** What an agent must know again: small files in a volume that only gateways have. */
import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Notes {
  /** Null: nothing was written. */
  read(name: string): Promise<string | null>;
  write(name: string, text: string): Promise<void>;
}

export function createNotes(folder: string): Notes {
  return {
    async read(name) {
      try {
        return await readFile(join(folder, name), 'utf8');
      } catch (thrown) {
        if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw thrown;
      }
    },
    async write(name, text) {
      // Whole, whoever is killed in between.
      const making = join(folder, `${name}.${randomUUID()}`);
      await writeFile(making, text);
      await rename(making, join(folder, name));
    },
  };
}
