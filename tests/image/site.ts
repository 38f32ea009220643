/** PostgreSQL and Redis in containers, on a network with what a test starts of Labwright's image beside them. */
import { randomBytes } from 'node:crypto';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import { RedisContainer } from '@testcontainers/redis';
import pg from 'pg';
import { Network } from 'testcontainers';
import { loadConfig } from '../../src/config.ts';
import { startTestEngine } from '../support/docker.ts';
import { type Container, dockerOk, environment, hardened, startContainer, withSocket } from './containers.ts';

// Its reaper is an image of its own, which need not be there; each test removes what it has made.
process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';

export interface Site {
  readonly network: string;
  readonly label: string;
  /** For containers on the network: the control database, and an empty one. */
  readonly databaseUrl: string;
  readonly spareDatabaseUrl: string;
  readonly environment: Readonly<Record<string, string>>;
  /** A container of Labwright's image on the network, hardened, with the settings of this site. */
  start(command: readonly string[], options?: readonly string[]): Promise<Container>;
  /** Of Labwright's own, as the API of `container` makes it. */
  token(container: Container, role: 'trainee' | 'instructor', subject: string): Promise<string>;
  /** What labs have in the engine now, by kind. */
  count(): Promise<Readonly<Record<string, number>>>;
  /** Also what labs have left. */
  stop(): Promise<void>;
}

export async function startSite(): Promise<Site> {
  const { labwrightImage, postgresImage, redisImage } = loadConfig({}, {});
  const mark = randomBytes(4).toString('hex');
  const label = `dev.labwright.test=image-${mark}`;
  const labels = { 'dev.labwright.test': `image-${mark}` };
  const network = await new Network().start();
  const [postgres, redis] = await Promise.all([
    new PostgreSqlContainer(postgresImage)
      .withDatabase('labwright')
      .withUsername('labwright')
      .withPassword('of-the-test')
      .withNetwork(network)
      .withNetworkAliases('postgres')
      .withLabels(labels)
      .start(),
    new RedisContainer(redisImage)
      .withNetwork(network)
      .withNetworkAliases('redis')
      .withLabels(labels)
      .start(),
  ]);
  const within = (database: string) => `postgres://labwright:of-the-test@postgres:5432/${database}`;
  const query = async <T extends object>(text: string): Promise<readonly T[]> => {
    const client = new pg.Client({ connectionString: postgres.getConnectionUri() });
    await client.connect();
    try {
      return (await client.query<T>(text)).rows;
    } finally {
      await client.end();
    }
  };
  await query('create database spare');
  const site = {
    DATABASE_URL: within('labwright'),
    REDIS_URL: 'redis://redis:6379',
    INSTALLATION_KEY: randomBytes(32).toString('hex'),
    SPARES: '0',
    LOG_LEVEL: 'info',
  };
  return {
    network: network.getName(),
    label,
    databaseUrl: within('labwright'),
    spareDatabaseUrl: within('spare'),
    environment: site,
    start: (command, options = withSocket()) =>
      startContainer(
        [
          ...hardened,
          `--network=${network.getName()}`,
          `--label=${label}`,
          '--publish=127.0.0.1::4000',
          ...environment(site),
          ...options,
          labwrightImage,
        ],
        ...command,
      ),
    async token(container, role, subject) {
      const made = await container.exec('labwright', 'token', 'create', '--role', role, subject);
      if (made.code !== 0) throw new Error(`no token: ${made.stderr}`);
      return made.stdout.trim();
    },
    async count() {
      const [{ id } = { id: '' }] = await query<{ id: string }>('select id::text as id from installation');
      const engine = startTestEngine(id);
      return engine.count().finally(() => engine.engine.close());
    },
    async stop() {
      const own = await dockerOk('ps', '--all', '--quiet', `--filter=label=${label}`);
      const others = own
        .split('\n')
        .filter((id) => ![postgres.getId(), redis.getId()].some((one) => one.startsWith(id)));
      if (others.some((id) => id !== '')) await dockerOk('rm', '--force', '--volumes', ...others);
      const installations = await query<{ id: string }>('select id::text as id from installation').catch(
        () => [],
      );
      for (const { id } of installations) await startTestEngine(id).stop();
      await Promise.all([postgres.stop({ removeVolumes: true }), redis.stop({ removeVolumes: true })]);
      await network.stop();
    },
  };
}
