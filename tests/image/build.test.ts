/** Both builders make the images, with nothing given to them. */
import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { productVersion, projectRoot } from '../../src/config.ts';
import { dockerMissing, requireDocker } from '../support/docker.ts';
import { ensureImages, imagesTimeoutMs } from '../support/images.ts';
import { docker, dockerOk } from './containers.ts';

const run = promisify(execFile);
const mark = randomBytes(4).toString('hex');

/** A client without the plug-in builds by the classic builder alone. */
const hasBuildKit = (): boolean => spawnSync('docker', ['buildx', 'version']).status === 0;

requireDocker();

describe.skipIf(dockerMissing !== null).each([
  { builder: 'the classic builder', kit: '0' },
  { builder: 'BuildKit', kit: '1' },
])('$builder', ({ builder, kit }) => {
  const image = `labwright-test-build:${mark}-${kit}`;
  const build = async (...options: readonly string[]) => {
    const env = { ...process.env, DOCKER_BUILDKIT: kit };
    const args = ['build', ...options, '--tag', image, projectRoot];
    await run('docker', args, { env, maxBuffer: 64 * 1024 * 1024 });
  };
  // So that most of it comes from what has been built before.
  beforeAll(async () => void (await ensureImages({ for: 'service' })), imagesTimeoutMs);
  afterAll(async () => void (await docker('image', 'rm', image)));

  it.skipIf(kit === '1' && !hasBuildKit())(
    'makes both images',
    async () => {
      await build();
      expect(await dockerOk('run', '--rm', image, 'labwright', '--version'), builder).toBe(productVersion());
      await build('--target', 'workspace');
      expect(await dockerOk('run', '--rm', image, 'psql', '--version'), builder).toContain(' 17.');
    },
    imagesTimeoutMs,
  );
});
