/** Puts the parts together. There is nothing to write here; the parts are where the work is. */
import pg from 'pg';
import { readConfig } from './config.ts';
import { log } from './log.ts';
import { startOrders } from './orders.ts';
import { createPartner } from './partner.ts';
import { createApp } from './server.ts';
import { createTokens } from './token.ts';
import { receiveEvent } from './webhook.ts';

const config = readConfig();
const pool = new pg.Pool({ connectionString: config.databaseUrl, max: 6 });
// Databases are restarted, failed over, copied. An idle connection that dies must not take the service with it.
pool.on('error', (error) => log('a connection to the database was lost', error));

const partner = createPartner(config, createTokens(config));
const app = createApp((signature, body) =>
  receiveEvent({ pool, secret: config.hookSecret }, signature, body),
);
const stopOrders = startOrders(pool, partner, config);

app.listen(config.port, config.host, () => log(`listening on ${config.host}:${config.port}`));

process.on('SIGTERM', async () => {
  app.close();
  app.closeAllConnections();
  await stopOrders();
  await pool.end();
});
