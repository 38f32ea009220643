/** Asks for one URL, the way a look does or by way of the process's agent: `proxied.ts <url> look|agent`. */
import { get } from 'node:http';
import { connect } from 'node:net';
import { exchange } from '../../../src/observers/http-exchange.ts';

const [url = '', client] = process.argv.slice(2);
const { hostname: host, port } = new URL(url);
if (client === 'look') {
  const request = { method: 'GET', path: '/', headers: { host }, body: null };
  await exchange(request, async () => connect({ host, port: Number(port) }), AbortSignal.timeout(20_000));
} else {
  await new Promise<void>((resolve, reject) => {
    get(url, (response) => {
      response.resume().on('end', resolve);
    }).on('error', reject);
  });
}
