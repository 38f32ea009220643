/**
 * Secrets of sandboxes are derived, never stored: whoever has the installation's key can tell them again, and a new
 * generation has new ones.
 */
import { hkdfSync } from 'node:crypto';
import type { ResourceRef } from './naming.ts';

/** @returns 24 bytes as 32 characters that need no escaping in a URL; the same for the same arguments. */
export type DeriveSecret = (ref: ResourceRef, purpose: string) => string;

/** @param key the installation's key, at least 32 bytes. */
export function createSecrets(key: Uint8Array): DeriveSecret {
  return ({ sandboxId, component, generation }, purpose) => {
    const info = JSON.stringify([sandboxId, component, generation, purpose]);
    return Buffer.from(hkdfSync('sha256', key, 'labwright-sandbox', info, 24)).toString('base64url');
  };
}
