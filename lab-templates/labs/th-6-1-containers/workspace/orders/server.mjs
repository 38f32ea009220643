// orders: GET /orders/:sku says what an order of one piece costs. It asks inventory.
import { createServer } from 'node:http';

const { PORT = '8000', INVENTORY_URL = 'http://inventory:8000', INVENTORY_TOKEN = '' } = process.env;

async function item(sku) {
  const headers = { authorization: `Bearer ${INVENTORY_TOKEN}` };
  const answer = await fetch(`${INVENTORY_URL}/items/${sku}`, { headers, signal: AbortSignal.timeout(1000) });
  if (!answer.ok) throw new Error(`inventory answers ${answer.status}`);
  return answer.json();
}

async function answer(path) {
  const [, sku] = /^\/orders\/(\d+)$/.exec(path) ?? [];
  if (sku === undefined) return [404, { error: 'not found' }];
  const { price } = await item(sku);
  return [200, { sku: Number(sku), total: price + 4.9 }];
}

const server = createServer(async (request, response) => {
  const [status, body] = await answer(request.url).catch((error) => {
    console.error(`${request.method} ${request.url}: ${error.message}`);
    return [503, { error: 'try again later' }];
  });
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});
server.listen(Number(PORT), () => console.log(`orders listens on ${PORT}`));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
