/** One request to the partner: what was sent, and what its answer means. It never waits and never tries again by itself. */
import type { Tokens } from './token.ts';

export interface Order {
  readonly id: string;
  readonly amount: number;
  readonly card: string;
}

export type Answer =
  | { readonly outcome: 'charged' }
  /** It can never succeed. The reason begins with the status, such as `422 card_refused`. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** It may succeed another time. */
  | {
      readonly outcome: 'later';
      readonly reason: string;
      /** How long the partner wants to be left alone; null: it did not say. */
      readonly retryAfterMs: number | null;
    };

export interface Partner {
  /** Never throws: whatever happened to the request is an answer. */
  charge(order: Order): Promise<Answer>;
}

const answerWithinMs = 3_000;

export function createPartner({ partnerUrl }: { readonly partnerUrl: string }, tokens: Tokens): Partner {
  async function send({ id, amount, card }: Order, token: string): Promise<Response> {
    return fetch(`${partnerUrl}/charges`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        // The order's own id: whoever tries again, and after whatever, asks for the same charge.
        'idempotency-key': id,
      },
      body: JSON.stringify({ order: id, amount, card }),
      signal: AbortSignal.timeout(answerWithinMs),
    });
  }

  /** A token may have been revoked since it was fetched: once, another one is tried. */
  async function sendWithToken(order: Order): Promise<Response> {
    const token = await tokens.get();
    const answer = await send(order, token);
    if (answer.status !== 401) return answer;
    await answer.body?.cancel();
    tokens.drop(token);
    return send(order, await tokens.get());
  }

  return {
    async charge(order) {
      try {
        const answer = await sendWithToken(order);
        const { status } = answer;
        const { error = '' } = (await answer.json().catch(() => ({}))) as { error?: string };
        if (status === 201 || status === 200) return { outcome: 'charged' };
        const reason = `${status} ${error}`.trim();
        const isForGood = status >= 400 && status < 500 && ![401, 408, 425, 429].includes(status);
        if (isForGood) return { outcome: 'refused', reason };
        return { outcome: 'later', reason, retryAfterMs: waitOf(answer.headers.get('retry-after')) };
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return { outcome: 'later', reason, retryAfterMs: null };
      }
    },
  };
}

/** RFC 9110, 10.2.3: seconds, or a date. */
function waitOf(header: string | null): number | null {
  if (header === null) return null;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}
