import { createServer } from 'node:http';

createServer((_request, response) => response.end('up')).listen(Number(process.env.PORT), process.env.HOST);
