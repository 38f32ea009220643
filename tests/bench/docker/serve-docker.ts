/** A server whose labs are containers, and what its rows compare with. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ensureImages } from '../../support/images.ts';
import { labsOf } from '../labs.ts';
import type { World } from '../world.ts';
import {
  type ComposeLab,
  clientLab,
  composeLab,
  type FloorImages,
  hasCompose,
  preparedImage,
} from './compose-lab.ts';

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
    env: { BACKENDS: 'docker', CONCURRENCY: '8' },
  });
  const labs = labsOf(world, server, databaseUrl);
  // The first one makes what all begin with.
  const first = await labs.ask();
  await labs.until(first, 'ready', 50);
  await labs.end(first);
  return { server, labs, images };
}

/** What brings the floor up, and what it is called. */
export async function floorOf(
  world: World,
  images: { readonly labwright: string; readonly workspace: string },
) {
  const all: FloorImages = { ...images, database: await preparedImage() };
  const compose = await hasCompose();
  const up = (): Promise<ComposeLab> => (compose ? composeLab(world, all) : clientLab(world, all));
  const name = compose
    ? 'docker compose up --wait'
    : 'the same calls by the docker client (compose is not installed)';
  return { up, name };
}
