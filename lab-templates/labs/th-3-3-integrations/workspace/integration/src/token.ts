/** Access tokens of the partner. */

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

/**
 * To be written: ask for a token with the client's credentials, and keep it.
 * - One token is good for many requests, until it expires (`expires_in`, in seconds) or is dropped.
 * - Several callers may come at the same moment. What should the second one wait for?
 */
export function createTokens(_settings: TokenSettings): Tokens {
  return {
    async get() {
      throw new Error('token.ts: asking for a token is not written yet');
    },
    drop() {},
  };
}
