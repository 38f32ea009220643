/** Real logins: a step is evidence only when the API itself let the trainee in. */
import type { SandboxHandle } from '../grading/types.ts';
import { exchange } from '../observers/http-exchange.ts';
import { responseValue } from '../observers/http-look.ts';
import { apiAccess, requestOf } from '../observers/http-request.ts';
import { LookFailure } from '../observers/look.ts';

export interface LoginTokens {
  /** @throws LookFailure when the login is refused. */
  of(sandbox: SandboxHandle, component: string, signal: AbortSignal): Promise<string>;
}

/** Renewed well before it ends: the sample API's tokens last longer than this. */
const freshMs = 5 * 60_000;

/** Logs in with the account's e-mail and password, once per handle, component and five minutes. */
export function loginTokens(now: () => number = () => performance.now()): LoginTokens {
  const known = new WeakMap<SandboxHandle, Map<string, { readonly token: string; readonly at: number }>>();
  return {
    async of(sandbox, component, signal) {
      const mine = known.get(sandbox) ?? new Map();
      known.set(sandbox, mine);
      const held = mine.get(component);
      if (held !== undefined && now() - held.at < freshMs) return held.token;
      const token = await logIn(sandbox, component, signal);
      mine.set(component, { token, at: now() });
      return token;
    },
  };
}

async function logIn(sandbox: SandboxHandle, component: string, signal: AbortSignal): Promise<string> {
  const api = apiAccess(sandbox.access(component));
  const { email, password } = api.account;
  const asIs = { value: () => ({ email, password }), text: same, urlPath: same, header: same };
  const asked = { method: 'POST' as const, path: '/api/v1/auth/login', headers: {}, json: {} };
  const request = requestOf(asked, api, null, asIs);
  const response = responseValue(await exchange(request, (s) => sandbox.dial(component, s), signal));
  const body = response.json;
  const token =
    body !== null && typeof body === 'object' && !Array.isArray(body) ? body.access_token : undefined;
  if (response.status === 200 && typeof token === 'string') return token;
  throw new LookFailure('refused', 'The login was refused.', `login answered ${response.status}`);
}

function same(text: string): string {
  return text;
}
