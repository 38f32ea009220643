/**
 * Sends an event to your service, signed as the partner signs:
 *   node send-event.ts ORDER [TYPE] [SEQUENCE] [ID]     TYPE is charge.settled unless you say otherwise
 * The address is taken from INTEGRATION_URL, the secret from HOOK_SECRET; the lab's first page shows both.
 */
import { createHmac } from 'node:crypto';

const { INTEGRATION_URL: url, HOOK_SECRET: secret } = process.env;
const [order, type = 'charge.settled', sequence = '2', id = `evt_${Date.now()}`] = process.argv.slice(2);
if (url === undefined || secret === undefined || order === undefined) {
  console.error(
    'usage: INTEGRATION_URL=http://… HOOK_SECRET=… node send-event.ts ORDER [TYPE] [SEQUENCE] [ID]',
  );
  process.exit(2);
}
// The partner writes its JSON with line breaks; what is signed is the body as it is sent.
const body = JSON.stringify({ id, type, sequence: Number(sequence), order }, null, 2);
const time = Math.floor(Date.now() / 1000);
const signature = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');
const answer = await fetch(`${url}/webhooks/partner`, {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'partner-signature': `t=${time},v1=${signature}` },
  body,
});
console.log(`${id}: ${answer.status} ${await answer.text()}`);
