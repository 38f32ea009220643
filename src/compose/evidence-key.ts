import { hkdfSync } from 'node:crypto';

/** What evidence is sealed with, derived from the installation's key. */
export function evidenceKey(key: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, 'labwright', 'evidence', 32));
}
