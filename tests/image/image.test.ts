/** What a container of Labwright's image does that is told too little, or something else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, productVersion } from '../../src/config.ts';
import { dockerMissing, requireDocker } from '../support/docker.ts';
import { ensureImages, imagesTimeoutMs, platformImages } from '../support/images.ts';
import { docker, dockerOk, environment, hardened, startContainer, withClosedSocket } from './containers.ts';
import { type Site, startSite } from './site.ts';

const { labwrightImage: image, workspaceImage } = loadConfig({}, {});
const run = (options: readonly string[], ...command: readonly string[]) =>
  docker('run', '--rm', ...hardened, ...options, image, ...command);
const nobody = 'postgres://labwright@127.0.0.1:1/none';

requireDocker();

describe.skipIf(dockerMissing !== null)("Labwright's image", { timeout: 120_000 }, () => {
  beforeAll(async () => void (await ensureImages({ for: 'service' })), imagesTimeoutMs);

  it('says what it knows when it is told something else', async () => {
    const { code, stderr } = await run([], 'dance');
    expect(code).toBe(64);
    expect(stderr).toContain('does not know "dance"');
    for (const known of ['serve', 'api', 'worker', 'labwright', 'sample-api', 'stub', 'traffic', 'gateway']) {
      expect(stderr).toContain(known);
    }
  });

  it('asks for DATABASE_URL by its name', async () => {
    for (const command of ['serve', 'api', 'worker']) {
      const { code, stderr } = await run([], command);
      expect(code, command).toBe(3);
      expect(stderr).toContain('DATABASE_URL is required');
    }
  });

  it('asks labs’ programs for their settings by their names', async () => {
    const api = await run([], 'sample-api');
    expect(api.code).toBe(2);
    expect(api.stderr).toMatch(/DATABASE_URL: found nothing[\s\S]*JWT_SECRET: found nothing/);
    for (const program of ['stub', 'traffic']) {
      const { code, stderr } = await run([], program);
      expect(code, program).toBe(2);
      expect(stderr).toContain('CONTROL_TOKEN: is missing');
    }
  });

  it('is the CLI of this version', async () => {
    expect((await run([], 'labwright', '--version')).stdout.trim()).toBe(productVersion());
    const help = await run([], 'labwright', 'serve', '--help');
    expect(help.stdout).toContain('DOCKER_HOST');
  });

  it('says who may not use the socket', async () => {
    const { stdout } = await run(
      [...withClosedSocket(), ...environment({ DATABASE_URL: nobody })],
      ...['labwright', 'doctor', '--json'],
    );
    const { findings } = JSON.parse(stdout) as {
      findings: { area: string; status: string; found: string }[];
    };
    const engine = findings.find(({ area }) => area === 'backend docker');
    expect(engine).toMatchObject({ status: 'missing' });
    expect(engine?.found).toMatch(
      /\/var\/run\/docker\.sock.*"labwright".*group 999.*It belongs to group \d+/,
    );
  });

  it('runs as nobody in particular, and can change nothing of what it runs', async () => {
    const script = 'id -u; id -g; find /app /node_modules/ -writable -not -type l';
    const found = await dockerOk('run', '--rm', '--entrypoint=sh', image, '-c', script);
    expect(found.split('\n')).toEqual(['999', '999']);
  });

  it('finds its modules compiled, on a root that it cannot write to', async () => {
    const options = [
      'run',
      '--rm',
      ...hardened,
      '--env=NODE_DEBUG_NATIVE=COMPILE_CACHE',
      '--entrypoint=node',
      image,
    ];
    const { stderr, stdout } = await docker(...options, 'src/sample-api/main.ts');
    const lines = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('src/sample-api/'));
    expect(lines.filter((line) => /reading cache.*success/.test(line)).length).toBeGreaterThan(20);
    expect(lines.filter((line) => /no transpile cache|not initialized/.test(line))).toEqual([]);
  });

  it('finds packages from wherever a program of a trainee is', async () => {
    const options = [...hardened, '--tmpfs=/lab:uid=999,gid=999', '--entrypoint=sh'];
    const script = `echo "import 'pg'; import 'fastify'; console.log('found')" > /lab/main.mjs; node /lab/main.mjs`;
    expect(await dockerOk('run', '--rm', ...options, image, '-c', script)).toBe('found');
  });

  it('gives workspaces what trainees work with', async () => {
    const tools = 'psql curl jq git kubectl node python3 ps setsid timeout less nano vi bash'.split(' ');
    const script = `id -u; for t in ${tools.join(' ')}; do command -v $t > /dev/null || echo "no $t"; done; psql --version; node -p process.versions.node`;
    const found = await dockerOk(
      'run',
      '--rm',
      '--read-only',
      '--cap-drop=ALL',
      workspaceImage,
      'bash',
      '-c',
      script,
    );
    expect(found).toMatch(/^999\npsql \(PostgreSQL\) 17\.\d+ .*\n24\.\d+\.\d+$/);
  });
});

describe.skipIf(dockerMissing !== null)('an image of the platform', { timeout: 120_000 }, () => {
  beforeAll(async () => void (await ensureImages({ for: 'labs' })), imagesTimeoutMs);

  it.each(platformImages)(
    '%s says its release, holds nothing of ours, and runs as a number',
    async (name) => {
      expect(await dockerOk('image', 'inspect', '--format', '{{ .Config.User }}', name)).toBe('1000:1000');
      const there = await dockerOk(
        'run',
        '--rm',
        ...hardened,
        '--entrypoint=sh',
        name,
        '-c',
        'ls /app /app/src; id -u',
      );
      expect(there.split(/\s+/)).toEqual([
        '/app:',
        'node_modules',
        'package.json',
        'src',
        '/app/src:',
        'sample-api',
        '1000',
      ]);
      const container = await startContainer([...hardened, '--publish=127.0.0.1::8000', name]);
      try {
        const health = async () => fetch(`${await container.url(8000)}/health`);
        await expect
          .poll(
            () =>
              health().then(
                ({ status }) => status,
                () => 0,
              ),
            { timeout: 60_000 },
          )
          .toBe(200);
        const answer = await health();
        const [, release] = name.split(':');
        expect(answer.headers.get('x-release')).toBe(release);
        expect(await answer.json()).toMatchObject({ version: release, database: 'none' });
        expect(await container.stop(30)).toBeLessThan(20_000);
        expect(await container.state()).toMatchObject({ ExitCode: 0 });
      } finally {
        await container.kill().catch(() => {});
        await docker('rm', '--force', container.id);
      }
    },
  );
});

describe.skipIf(dockerMissing !== null)('a sample API alone', { timeout: 120_000 }, () => {
  let site: Site;
  beforeAll(async () => {
    await ensureImages({ for: 'service' });
    site = await startSite();
  }, imagesTimeoutMs);
  afterAll(() => site?.stop());

  it('serves a database of its own, and ends when it is told to', async () => {
    const settings = {
      DATABASE_URL: site.spareDatabaseUrl,
      JWT_SECRET: 'x'.repeat(32),
      PORT: '3000',
      HOST: '0.0.0.0',
    };
    const options = [
      ...hardened,
      `--network=${site.network}`,
      `--label=${site.label}`,
      '--publish=127.0.0.1::3000',
    ];
    const container = await startContainer(
      [...options, ...environment(settings), '--no-healthcheck', image],
      'sample-api',
    );
    const url = await container.url(3000);
    await expect
      .poll(
        () =>
          fetch(`${url}/health/ready`).then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 60_000 },
      )
      .toBe(200);
    expect(await container.stop(30)).toBeLessThan(20_000);
    expect(await container.state()).toMatchObject({ ExitCode: 0, OOMKilled: false });
  });
});
