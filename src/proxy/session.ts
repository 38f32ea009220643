/**
 * Who may see a lab's pages: a cookie of that page's own origin, sealed by us. It names the lab and the component, so
 * that on any other host it is worth nothing, and the control API never takes a cookie at all.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface Session {
  readonly labId: string;
  readonly component: string;
  readonly role: 'trainee' | 'instructor' | 'admin';
  readonly subject: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

const longestCookie = 2_000;

/** A value that only who has `key` can make. */
export function sealSession(session: Session, key: Uint8Array): string {
  const body = Buffer.from(JSON.stringify(session)).toString('base64url');
  return `${body}.${sign(body, key)}`;
}

/** Null for what is not ours, not for this lab and component, or over. */
export function openSession(
  value: string,
  { labId, component, now }: { readonly labId: string; readonly component: string; readonly now: number },
  key: Uint8Array,
): Session | null {
  if (value.length > longestCookie) return null;
  const [body = '', given = ''] = value.split('.');
  const right = Buffer.from(sign(body, key));
  const told = Buffer.from(given);
  if (right.byteLength !== told.byteLength || !timingSafeEqual(right, told)) return null;
  const session = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as Session;
  const fits = session.labId === labId && session.component === component && session.expiresAt > now;
  return fits ? session : null;
}

function sign(body: string, key: Uint8Array): string {
  return createHmac('sha256', key).update(body).digest('base64url');
}
