/** Takes as long as the table "parking" says: to start, and to answer `/park?step=…`. */
import { createServer } from 'node:http';
import pg from 'pg';

const database = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 2 });
database.on('error', () => {});
const park = (step) => database.query('select pg_sleep(seconds) from parking where step = $1', [step]);

const server = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://app');
  if (pathname === '/park') await park(searchParams.get('step')).catch(() => {});
  response.end('{}');
});
await park('make');
const again = await database.query("select from reached where step = 'restart'");
if (again.rowCount > 0) await park('restart');
server.listen(Number(process.env.PORT), process.env.HOST);
