/** The trainee's API of the hostile lab, a program of its own: prints its port, ends with whoever started it. */
import { bareServer, drip, flood, gzipBomb, reply } from '../support/misbehave.ts';

const bomb = gzipBomb(200_000_000);
const head = reply('200 OK', { 'content-type': 'application/json', 'content-length': 2 ** 40 });

const { access } = await bareServer((socket, request) => {
  if (request.startsWith('GET /drip')) return drip(socket, head);
  if (request.startsWith('GET /flood')) return flood(socket, head);
  return socket.write(bomb);
});
console.log(access.port);
process.stdin.resume().once('close', () => process.exit(0));
