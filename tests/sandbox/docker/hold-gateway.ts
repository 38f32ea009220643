/** Opens a lab's gateway and holds it until it is killed. Arguments: the installation and the sandbox. */
import { loadConfig } from '../../../src/config.ts';
import { startGatewayWorld } from './gateway-world.ts';

const [installationId = '', sandboxId = ''] = process.argv.slice(2);
const { labwrightImage, workspaceImage } = loadConfig({}, {});
const world = startGatewayWorld({ labwright: labwrightImage, workspace: workspaceImage }, installationId);
const signal = AbortSignal.timeout(120_000);
await (await world.gateways.open(sandboxId, signal)).dial('api', 3000, signal);
console.log('open');
setInterval(() => {}, 60_000);
