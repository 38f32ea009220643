/** Tokens in the wrong place, at the wrong time, or guessed. */
import type { FastifyRequest } from 'fastify';
import { createAuthenticator } from '../../../src/http/auth.ts';
import { hashToken, mintToken } from '../../../src/http/token.ts';
import { type Attack, attack, outcome } from '../attack.ts';
import { type ApiWorld, ask, done, withServer } from './world.ts';

const me = '/api/v1/me';

/** A route that takes whatever token it is shown. */
const anyToken =
  ({ http }: ApiWorld, tokenOf: (request: FastifyRequest) => string) =>
  async (request: FastifyRequest) => {
    const found = await http.tokens.findByHash(hashToken(tokenOf(request)));
    if (found === null) throw new Error('no such token');
    return { subject: found.subject };
  };

const cookieOf = ({ headers }: FastifyRequest) => /token=([^;]+)/.exec(headers.cookie ?? '')?.[1] ?? '';

/** How many characters the two have in common from the start. */
function common(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  return at;
}

export const tokens: readonly Attack<ApiWorld>[] = [
  attack<ApiWorld>({
    family: 'api',
    name: 'a valid token in the URL, where histories and logs keep it',
    defence: 'a token in a URL is refused, whatever it is worth',
    off: 'a route that takes it',
    async run({ call, tokens: { ann } }) {
      const tried = ['token', 'access_token', 'api_key', 'auth'].map((name) => `${me}?${name}=${ann}`);
      const answers = await Promise.all(tried.map((path) => call(null, 'GET', path)));
      const beside = await call(ann, 'GET', `${me}?token=${ann}`);
      return outcome([...answers, beside].some(done), answers);
    },
    control: (world) =>
      withServer(
        {},
        (app) =>
          app.get(
            me,
            anyToken(world, ({ query }) => String((query as { token?: string }).token)),
          ),
        async (url) => {
          const answer = await ask(`${url}${me}?token=${world.tokens.ann}`, null, 'GET');
          return outcome(done(answer), answer.text);
        },
      ),
  }),
  attack<ApiWorld>({
    family: 'api',
    name: 'a page of somebody else’s that posts with the reader’s cookies',
    defence: 'no cookie says who somebody is, only a header that no form can set; bodies are JSON',
    off: 'a route that knows its caller by a cookie and takes any body',
    async run({ call, tokens: { ann } }) {
      const cookie = { cookie: `token=${ann}; labwright=${ann}`, origin: 'https://evil.example' };
      const types = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'];
      const body = '{"template":"first-steps"}';
      const sent = types.map((type) =>
        call(null, 'POST', '/api/v1/labs', { body, headers: { ...cookie, 'content-type': type } }),
      );
      const preflight = await call(null, 'OPTIONS', '/api/v1/labs', {
        headers: { ...cookie, 'access-control-request-method': 'POST' },
      });
      const answers = await Promise.all(sent);
      const open = preflight.headers.has('access-control-allow-origin');
      return outcome(open || answers.some(done), answers);
    },
    control: (world) =>
      withServer(
        {},
        (app) => app.post('/api/v1/labs', anyToken(world, cookieOf)),
        async (url) => {
          const headers = { cookie: `token=${world.tokens.ann}`, 'content-type': 'text/plain' };
          const answer = await ask(`${url}/api/v1/labs`, null, 'POST', { body: '{}', headers });
          return outcome(done(answer), answer.text);
        },
      ),
  }),
  attack<ApiWorld>({
    family: 'api',
    name: 'a token that was revoked a moment ago',
    defence: 'a revocation forgets what is remembered of tokens',
    off: 'an authenticator that goes on remembering',
    async run({ call, tokens: { teacher } }) {
      const { id, token } = await newToken({ call, teacher });
      const before = await call(token, 'GET', me);
      await call(teacher, 'DELETE', `/api/v1/tokens/${id}`);
      const after = await call(token, 'GET', me);
      return outcome(!done(before) || done(after), [before.status, after.status]);
    },
    async control({ call, http, tokens: { teacher } }) {
      const { id, token } = await newToken({ call, teacher });
      const frozen = new Date();
      const remembering = createAuthenticator(http.tokens, () => frozen);
      const request = { query: {}, url: me, headers: { authorization: `Bearer ${token}` }, token: null };
      await remembering.authenticate(request as unknown as FastifyRequest);
      await call(teacher, 'DELETE', `/api/v1/tokens/${id}`);
      await remembering.authenticate(request as unknown as FastifyRequest);
      return outcome(request.token !== null, request.token);
    },
  }),
  attack<ApiWorld>({
    family: 'api',
    name: 'a token whose time is over',
    defence: 'the database says whether a token has expired, by its own clock',
    off: 'its end taken out of the database',
    async run(world) {
      const answer = await world.call(await expired(world), 'GET', me);
      return outcome(done(answer), answer.text);
    },
    async control(world) {
      const token = await expired(world);
      await world.http.pool.query('update tokens set expires_at = null where expires_at < now()');
      const answer = await world.call(token, 'GET', me);
      return outcome(done(answer), answer.text);
    },
  }),
  attack<ApiWorld>({
    family: 'api',
    name: 'a token guessed letter by letter, by the time that its comparison takes',
    defence: 'tokens are looked up by their hash: a guess that is nearly right is as far off as any',
    off: 'tokens looked up as they are',
    async run({ tokens: { ann } }) {
      const hex = (text: string) => Buffer.from(hashToken(text)).toString('hex');
      const nearly = `${ann.slice(0, -1)}${ann.endsWith('A') ? 'B' : 'A'}`;
      return outcome(common(hex(ann), hex(nearly)) > 16, [hex(ann), hex(nearly)]);
    },
    async control({ tokens: { ann } }) {
      const nearly = `${ann.slice(0, -1)}${ann.endsWith('A') ? 'B' : 'A'}`;
      return outcome(common(ann, nearly) > 16, nearly);
    },
  }),
];

async function newToken({ call, teacher }: { call: ApiWorld['call']; teacher: string }) {
  const { text } = await call(teacher, 'POST', '/api/v1/tokens', { body: { subject: 'short-lived' } });
  return JSON.parse(text) as { id: string; token: string };
}

async function expired({ http }: ApiWorld): Promise<string> {
  const { id, plain, hash } = mintToken((size) => crypto.getRandomValues(new Uint8Array(size)));
  await http.tokens.create({ id, role: 'trainee', subject: 'late', name: 'late', hash, ttlSeconds: 1 });
  await http.pool.query(`update tokens set expires_at = now() - interval '1 second' where id = $1`, [id]);
  return plain;
}
