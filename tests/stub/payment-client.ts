/** A client of the payment partner that does everything right: one key an order, growing waits, Retry-After, new tokens. */
import { setTimeout as sleep } from 'node:timers/promises';
import { client } from './running-stub.ts';

export interface Order {
  readonly id: string;
  readonly amount: number;
}

export interface PaymentClient {
  /** `charged`, or the status with which the partner refused for good. */
  charge(order: Order): Promise<'charged' | number>;
}

interface Options {
  readonly url: string;
  /** False: every try has a key of its own. */
  readonly keyPerOrder?: boolean;
}

export function paymentClient({ url, keyPerOrder = true }: Options): PaymentClient {
  let token: Promise<string> | null = null;

  async function fetchToken(): Promise<string> {
    const basic = Buffer.from(`${client.id}:${client.secret}`).toString('base64');
    const answer = await fetch(`${url}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    if (answer.status !== 200) throw new Error(`no token: ${answer.status}`);
    return ((await answer.json()) as { access_token: string }).access_token;
  }

  async function send(order: Order, nth: number): Promise<Response | null> {
    token ??= fetchToken();
    try {
      return await fetch(`${url}/charges`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await token}`,
          'content-type': 'application/json',
          'idempotency-key': keyPerOrder ? order.id : `${order.id}-${nth}`,
        },
        body: JSON.stringify({ order: order.id, amount: order.amount }),
        signal: AbortSignal.timeout(1_000),
      });
    } catch {
      return null;
    }
  }

  return {
    async charge(order) {
      for (let nth = 0, waitMs = 30; ; nth++, waitMs *= 2) {
        const answer = await send(order, nth);
        if (answer?.status === 201) return 'charged';
        if (answer?.status === 401) {
          token = null;
          continue;
        }
        if (answer !== null && answer.status < 500 && answer.status !== 429) return answer.status;
        const asked = Number(answer?.headers.get('retry-after') ?? 0) * 1_000;
        await sleep(Math.max(waitMs, asked && asked + 5));
      }
    },
  };
}
