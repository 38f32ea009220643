/**
 * Makes one sandbox and then does nothing until it is killed:
 * `node make-and-wait.ts <dataDir> <installation> <labs URL> [names of the programs' lab]`.
 */
import { contractVersion, ensureAll, planFor } from '../contracts/driver-contract-plans.ts';
import { ensureEach, type ProgramName, programsVersion } from '../contracts/driver-programs-plans.ts';
import { makeDriver } from '../support/process-driver.ts';

const [dataDir = '', installationId = '', labsUrl = '', names] = process.argv.slice(2);
const driver = await makeDriver(dataDir, installationId, labsUrl);
const signal = AbortSignal.timeout(60_000);
if (names === undefined) await ensureAll(driver, planFor('sb-orphan', contractVersion()), signal);
else {
  const version = programsVersion(...(names.split(',') as ProgramName[]));
  await ensureEach(driver, planFor('sb-orphan', version, {}, { params: { client: 'cl_one' } }), signal);
}
process.stdout.write('made\n');
setInterval(() => {}, 60_000);
