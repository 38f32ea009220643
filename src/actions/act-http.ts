/** The trainee's own request: sent, and its status compared with what is expected. */
import type { ActContext, ActionOutcome } from '../grading/types.ts';
import { exchange } from '../observers/http-exchange.ts';
import { responseValue } from '../observers/http-look.ts';
import { addressOf, requestOf, tokenOf } from '../observers/http-request.ts';
import { limits } from '../observers/limits.ts';
import { dialDoor } from '../observers/reach.ts';
import { doorOf } from '../observers/service-place.ts';
import { act } from './act.ts';
import type { HttpActionSpec } from './http.ts';
import type { LoginTokens } from './login.ts';

/** The last response. */
export function actHttp(
  asked: HttpActionSpec,
  context: ActContext,
  tokens: LoginTokens,
  signal: AbortSignal,
): Promise<ActionOutcome> {
  return act(context, asked.timeout, signal, async (within) => {
    const { sandbox, fill } = context;
    const access = sandbox.access(asked.component);
    const door = doorOf(asked, fill);
    // A trial's step is the grader's: its token says so, and what it does is no evidence.
    const logsIn = asked.auth === 'trainee' && context.asGrader !== true;
    const token = logsIn
      ? await tokens.of(sandbox, asked.component, within)
      : await tokenOf(asked.auth, access, fill);
    const request = requestOf(asked, addressOf(access, door), token, fill);
    const dial = (s: AbortSignal) => dialDoor(sandbox, door, s);
    let value = responseValue(await exchange(request, dial, within));
    for (let sent = 1; sent < asked.times && asExpected(value.status, asked.expect); sent += 1) {
      value = responseValue(await exchange(request, dial, within));
    }
    if (asExpected(value.status, asked.expect)) return { ok: true, value };
    const said = value.text.slice(0, limits.quotedChars);
    return { ok: false, reason: `The request was answered with ${value.status}: ${said}`, value };
  });
}

function asExpected(status: number, expected: HttpActionSpec['expect']): boolean {
  if (expected === 'any') return true;
  return expected === undefined ? status >= 200 && status < 300 : expected.includes(status);
}
