/** A server whose labs are containers, and what its rows compare with. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { label } from '../../../src/sandbox/docker/labels.ts';
import { ensureImages } from '../../support/images.ts';
import { installationOf } from '../installation.ts';
import { labsOf } from '../labs.ts';
import type { World } from '../world.ts';
import { type ComposeLab, clientLab, composeLab, type FloorImages, hasCompose } from './compose-lab.ts';

const run = promisify(execFile);

/** Whether an engine answers here. Where none does, the rows of this backend say so and have no lines. */
export async function hasEngine(world: World): Promise<boolean> {
  const answers = await run('docker', ['version', '--format', '{{.Server.Version}}']).then(
    () => true,
    () => false,
  );
  if (!answers) world.say('  no Docker Engine answers here: nothing is measured');
  return answers;
}

export async function serveDockerLabs(world: World, name: string, spares: number) {
  const images = await ensureImages();
  const databaseUrl = await world.controlDatabase(name);
  const server = await world.serve({
    dataDir: world.folder(name),
    databaseUrl,
    spares,
    env: { BACKENDS: 'docker' },
  });
  const installation = await installationOf(databaseUrl);
  world.defer('what is left in the engine', async () => {
    await server.stop();
    await removeAll(installation);
  });
  const labs = labsOf(world, server, databaseUrl);
  // The first one makes what all begin with.
  const first = await labs.ask();
  await labs.until(first, 'ready', 50);
  await labs.end(first);
  return { server, labs, images: { ...images, database: await preparedImage(installation) } };
}

async function listed(...args: string[]): Promise<string[]> {
  const { stdout } = await run('docker', args);
  return stdout.split('\n').filter((line) => line !== '');
}

const ofInstallation = (installation: string) => ['--filter', `label=${label.installation}=${installation}`];

/** What labs are made from. */
async function preparedImage(installation: string): Promise<string> {
  const format = ['--format', '{{.Repository}}:{{.Tag}}'];
  const [found] = await listed('images', ...ofInstallation(installation), ...format);
  if (found === undefined) throw new Error('no image was prepared');
  return found;
}

/** Of labs that a broken run left, and the prepared image. */
async function removeAll(installation: string): Promise<void> {
  const mine = ofInstallation(installation);
  const remove = async (found: readonly string[], ...how: string[]) => {
    if (found.length > 0) await run('docker', [...how, ...new Set(found)]);
  };
  await remove(await listed('ps', '--all', '--quiet', ...mine), 'rm', '--force', '--volumes');
  await remove(await listed('network', 'ls', '--quiet', ...mine), 'network', 'rm');
  await remove(await listed('volume', 'ls', '--quiet', ...mine), 'volume', 'rm');
  await remove(await listed('images', '--quiet', ...mine), 'rmi', '--force');
}

/** What brings the floor up, and what it is called. */
export async function floorOf(world: World, images: FloorImages) {
  const compose = await hasCompose();
  const up = (everyMs: number): Promise<ComposeLab> =>
    compose ? composeLab(world, images, everyMs) : clientLab(world, images);
  const name = compose
    ? 'docker compose up --wait'
    : 'the same calls by the docker client (compose is not installed)';
  return { up, name };
}
