/** A site that does what a trainee who means ill would do to whoever looks at it. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://site');
  if (pathname === '/health') return response.end('up');
  if (pathname === '/made') return response.writeHead(existsSync('made') ? 200 : 404).end();
  if (pathname === '/echo') {
    const body = Buffer.concat(await Array.fromAsync(request)).toString();
    response.writeHead(200, { 'content-type': 'application/json' });
    return response.end(
      JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }),
    );
  }
  if (pathname === '/cookies') {
    response.writeHead(200, {
      'set-cookie': [
        'mine=1; Domain=localhost; Path=/',
        'labwright-page=stolen; Path=/',
        '__Host-labwright-page=x; Path=/; Secure',
      ],
      'strict-transport-security': 'max-age=1',
      'alt-svc': 'h2=":443"',
    });
    return response.end();
  }
  if (pathname === '/slow') {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.write('first ');
    return setTimeout(() => response.end('second'), 300);
  }
  if (pathname === '/cut') {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('some');
    return setTimeout(() => request.socket.destroy(), 50);
  }
  if (pathname === '/silent') return request.socket.destroy();
  response.writeHead(404).end();
});
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  );
  // Frames of a browser come back as they are; enough to see that both ways are open.
  socket.on('data', (data) => socket.write(data));
  socket.on('error', () => socket.destroy());
});
server.listen(Number(process.env.PORT), process.env.HOST);
