/** Makes a lab with a server of its own, or copies it, and then waits to be killed: `… <dataDir> <installation> <labs URL> [fork]`. */

import { orphan, orphanFork } from '../support/own-server-lab.ts';
import { makeDriver } from '../support/process-driver.ts';

const [dataDir = '', installationId = '', labsUrl = '', what] = process.argv.slice(2);
const driver = await makeDriver(dataDir, installationId, labsUrl);
await driver.ensure(what === 'fork' ? orphanFork : orphan, 'database', AbortSignal.timeout(60_000));
process.stdout.write('made\n');
setInterval(() => {}, 60_000);
