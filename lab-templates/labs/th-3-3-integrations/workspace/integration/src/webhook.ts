/** Events that the partner sends: are they genuine, were they here before, and what do they change? */
import type pg from 'pg';

/**
 * To be written: whether the partner has signed exactly this body, at most five minutes ago.
 * @param header the value of `Partner-Signature`; undefined when there was none.
 * @param body exactly as it came.
 */
export function isGenuine(_header: string | undefined, _body: string, _secret: string, _now: Date): boolean {
  return false;
}

/**
 * To be written: refuses what is not genuine, and applies each event once.
 * @returns the status to answer with: below 300 once the event is safe with us, however often it came.
 */
export async function receiveEvent(
  { secret }: { readonly pool: pg.Pool; readonly secret: string },
  signature: string | undefined,
  body: string,
): Promise<number> {
  if (!isGenuine(signature, body, secret, new Date())) return 501;
  return 501;
}
