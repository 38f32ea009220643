/** Authorization codes: good once and for a minute; a restart forgets them, as it ends the sign-in that waits for one. */
import { randomBytes } from 'node:crypto';

export interface Code {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly sub: string;
  /** S256 of the verifier. */
  readonly challenge: string;
  readonly nonce: string | null;
  readonly scope: string;
}

export interface Codes {
  give(code: Code, now: Date): string;
  /** Null when it is unknown, used or too old. */
  take(code: string, now: Date): Code | null;
}

const goodForMs = 60_000;
const mostWaiting = 1_000;

export function createCodes(): Codes {
  const waiting = new Map<string, { code: Code; until: number }>();
  return {
    give(code, now) {
      for (const oldest of waiting.keys()) {
        if (waiting.size < mostWaiting) break;
        waiting.delete(oldest);
      }
      const name = randomBytes(18).toString('base64url');
      waiting.set(name, { code, until: now.getTime() + goodForMs });
      return name;
    },
    take(name, now) {
      const found = waiting.get(name);
      waiting.delete(name);
      return found === undefined || found.until < now.getTime() ? null : found.code;
    },
  };
}
