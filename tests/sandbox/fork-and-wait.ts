/** Clones a lab's database in a process of its own, to be killed in the middle. */
import { crashedFork } from '../support/fork-database-lab.ts';
import { makeDriver } from '../support/process-driver.ts';

const [dataDir = '', installationId = '', labsUrl = ''] = process.argv.slice(2);
const driver = await makeDriver(dataDir, installationId, labsUrl);
await driver.ensure(crashedFork, 'database', AbortSignal.timeout(60_000));
