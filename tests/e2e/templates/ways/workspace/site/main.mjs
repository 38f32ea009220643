import { createServer } from 'node:http';

createServer((request, response) => {
  if (request.url !== '/large') return response.end('ok');
  const part = Buffer.alloc(1_048_576, 'x');
  response.setHeader('content-length', 64 * part.length);
  let left = 64;
  const more = () => {
    while (left > 0) {
      left -= 1;
      if (!response.write(part)) return response.once('drain', more);
    }
    response.end();
  };
  more();
}).listen(process.env.PORT, '127.0.0.1');
