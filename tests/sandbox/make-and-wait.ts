/** Makes one sandbox and then does nothing until it is killed: `node make-and-wait.ts <dataDir> <installation> <labs URL>`. */
import { contractVersion, ensureAll, planFor } from '../contracts/driver-contract-plans.ts';
import { makeDriver } from '../support/process-driver.ts';

const [dataDir = '', installationId = '', labsUrl = ''] = process.argv.slice(2);
const driver = await makeDriver(dataDir, installationId, labsUrl);
await ensureAll(driver, planFor('sb-orphan', contractVersion()), AbortSignal.timeout(60_000));
process.stdout.write('made\n');
setInterval(() => {}, 60_000);
