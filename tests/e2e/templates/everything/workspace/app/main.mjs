/** The shop: takes events of the partner, and answers what it is asked. */
import { createServer } from 'node:http';
import pg from 'pg';

const database = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 2 });
database.on('error', () => {});

const server = createServer(async (request, response) => {
  const answer = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  try {
    if (request.url === '/health') return answer(200, { up: true });
    if (request.url === '/word') return answer(200, { word: 'none' });
    return answer(404, {});
  } catch (error) {
    return answer(500, { error: String(error) });
  }
});
server.listen(Number(process.env.PORT), process.env.HOST, () => console.log('listening'));
