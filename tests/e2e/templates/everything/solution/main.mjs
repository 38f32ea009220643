/** The shop: charges orders at the partner, takes its events, and answers what it is asked. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

const { DATABASE_URL, PARTNER_URL, PARTNER_SECRET, SECRET = '', WORD } = process.env;
const database = new pg.Pool({ connectionString: DATABASE_URL, max: 2 });
database.on('error', () => {});
let words = 0;

const server = createServer(async (request, response) => {
  const answer = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  try {
    if (request.url === '/health') return answer(200, { up: true });
    if (request.url === '/metrics') {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
      return response.end(`# TYPE app_words_total counter\napp_words_total ${words}\n`);
    }
    if (request.url === '/word') {
      words += 1;
      return answer(200, { word: WORD });
    }
    if (request.url === '/hook') {
      const body = Buffer.concat(await Array.fromAsync(request)).toString();
      if (!isSigned(String(request.headers['x-signature']), body)) return answer(401, {});
      const { order } = JSON.parse(body);
      await database.query('insert into hooks values ($1)', [order]);
      return answer(202, {});
    }
    return answer(404, {});
  } catch (error) {
    return answer(500, { error: String(error) });
  }
});
server.listen(Number(process.env.PORT), process.env.HOST, () => console.log('listening'));
void chargeAll();

/** In the last five minutes, and by who has the secret. */
function isSigned(header, body) {
  const [, time = '', given = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  if (Math.abs(Date.now() / 1000 - Number(time)) > 300) return false;
  const right = createHmac('sha256', SECRET).update(`${time}.${body}`).digest();
  return timingSafeEqual(right, Buffer.from(given, 'hex'));
}

async function chargeAll() {
  let token = '';
  for (;;) {
    try {
      const { rows } = await database.query("select id from orders where status = 'new'");
      for (const { id } of rows) {
        if (token === '') token = await signIn();
        const answer = await fetch(`${PARTNER_URL}/charges`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': 'application/json',
            'idempotency-key': id,
          },
          body: JSON.stringify({ order: id }),
        });
        if (answer.status === 401) token = '';
        if (answer.status === 201) {
          await database.query("update orders set status = 'charged' where id = $1", [id]);
        }
      }
    } catch {
      // Tried again below.
    }
    await delay(150);
  }
}

async function signIn() {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: 'shop',
    client_secret: PARTNER_SECRET ?? '',
  });
  const answer = await fetch(`${PARTNER_URL}/oauth/token`, { method: 'POST', body });
  return (await answer.json()).access_token;
}
