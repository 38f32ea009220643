/** Attacks out of labs in containers, on the real engine. */
import { beforeAll, describe } from 'vitest';
import { dockerMissing, requireDocker } from '../../support/docker.ts';
import { ensureImages, imagesTimeoutMs } from '../../support/images.ts';
import { tryAttacks } from '../attack.ts';
import { containerAttacks } from './attacks.ts';
import { startContainerWorld } from './container-world.ts';
import { workspaceAttacks } from './workspace-attacks.ts';

requireDocker();

describe.skipIf(dockerMissing !== null)('containers', () => {
  beforeAll(() => ensureImages(), imagesTimeoutMs);

  tryAttacks('labs in containers', [...containerAttacks, ...workspaceAttacks], {
    start: startContainerWorld,
    stop: (world) => world.stop(),
  });
});
