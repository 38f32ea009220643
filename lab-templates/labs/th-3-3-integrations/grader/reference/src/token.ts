/** Access tokens of the partner: one at a time, shared by all who need it. */

export interface TokenSettings {
  readonly partnerUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface Tokens {
  /** A token to make a request with. Throws when the partner gives none. */
  get(): Promise<string>;
  /** The partner did not take this token any more: the next `get` must not return it. */
  drop(token: string): void;
}

/** Given up so long before it expires: it must last for the request that it is fetched for. */
const marginMs = 5_000;
const answerWithinMs = 3_000;

export function createTokens({ partnerUrl, clientId, clientSecret }: TokenSettings): Tokens {
  let known: { readonly token: string; readonly until: number } | null = null;
  let fetching: Promise<string> | null = null;

  async function fetchToken(): Promise<string> {
    const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
    const answer = await fetch(`${partnerUrl}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
      signal: AbortSignal.timeout(answerWithinMs),
    });
    if (answer.status !== 200) throw new Error(`no token: ${answer.status}`);
    const { access_token: token, expires_in: seconds } = (await answer.json()) as {
      access_token: string;
      expires_in: number;
    };
    known = { token, until: Date.now() + seconds * 1_000 - marginMs };
    return token;
  }

  return {
    async get() {
      if (known !== null && Date.now() < known.until) return known.token;
      fetching ??= fetchToken().finally(() => {
        fetching = null;
      });
      return fetching;
    },
    drop(token) {
      if (known?.token === token) known = null;
    },
  };
}
