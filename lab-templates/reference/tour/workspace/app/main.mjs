/** A small program of the lab: says its word, and counts how often it was asked. */
import { createServer } from 'node:http';

let asked = 0;
const server = createServer((request, response) => {
  if (request.url === '/metrics') {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
    return response.end(`# TYPE app_asked_total counter\napp_asked_total ${asked}\n`);
  }
  if (request.url === '/word') asked += 1;
  const known = request.url === '/word' || request.url === '/health';
  response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(known ? { word: process.env.WORD } : {}));
});
server.listen(Number(process.env.PORT), process.env.HOST, () => console.log('listening'));
