/** What a script can tell from `$?`. Printed by `labwright --help`. */
export const exitCodes = {
  ok: { code: 0, meaning: 'done' },
  failed: {
    code: 1,
    meaning: 'it was tried and failed: checks did not pass, a template is not valid, a bug',
  },
  usage: { code: 2, meaning: 'bad usage, input or setting' },
  unavailable: {
    code: 3,
    meaning: 'not reachable or not available now: no server, port in use, no PostgreSQL',
  },
  notFound: { code: 4, meaning: 'no such lab, template, check, component or token' },
  refused: { code: 5, meaning: 'refused: token, rights, quota, or the state that the lab is in' },
} as const;

export type ExitName = keyof typeof exitCodes;

/** The exit that an HTTP status (also that of a LabError's code) stands for. */
export function exitOfStatus(status: number): ExitName {
  if (status === 404) return 'notFound';
  if (status === 401 || status === 403 || status === 409 || status === 429) return 'refused';
  if (status === 502 || status === 503 || status === 504) return 'unavailable';
  if (status >= 400 && status < 500) return 'usage';
  return 'failed';
}
