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

/**
 * To be written: POST /charges, as the partner's `/docs` describe it. `fetch` is all you need.
 * - What do you have to send so that the same order is never charged twice, even when you were killed meanwhile?
 * - A request that gets no answer must end too.
 * - 401 is not the order's fault.
 */
export function createPartner(_settings: { readonly partnerUrl: string }, _tokens: Tokens): Partner {
  return {
    async charge() {
      return { outcome: 'later', reason: 'partner.ts is not written yet', retryAfterMs: null };
    },
  };
}
