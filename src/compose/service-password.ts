import { hkdfSync } from 'node:crypto';
import { scramVerifier } from '../sandbox/postgres/scram.ts';
import type { ServicePassword } from '../store/service-role.ts';

/** Of the service's own login, derived from the installation's key; guessing need not be slow, for it is 256 bits. */
export async function servicePassword(key: Uint8Array): Promise<ServicePassword> {
  const plain = Buffer.from(hkdfSync('sha256', key, 'labwright', 'service-role', 32)).toString('base64url');
  return { plain, verifier: await scramVerifier(plain, 1) };
}
