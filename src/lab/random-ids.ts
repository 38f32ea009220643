import { randomBytes } from 'node:crypto';
import type { Ids } from './clock.ts';

const letters = 'abcdefghjkmnpqrstuvwxyz23456789';

function word(length: number): string {
  return Array.from(randomBytes(length), (byte) => letters[byte % letters.length]).join('');
}

/** Ids that can be read aloud: no letter that looks like another one. 12 letters hold 59 bits. */
export const randomIds: Ids & { regrade(): string } = {
  lab: () => `lab-${word(12)}`,
  sandbox: () => `sb-${word(12)}`,
  attempt: () => `att-${word(12)}`,
  seed: () => word(16),
  help: () => `help-${word(12)}`,
  regrade: () => `rg-${word(12)}`,
};
