/** What the backend `docker` needs of its engine. Looked at also where it is not enabled, as what could be. */
import type { Config } from '../config.ts';
import type { EngineFacts } from '../sandbox/docker/engine-facts.ts';
import { type Found, type Looks, missing, ok, warn } from './finding.ts';

const area = 'backend docker';
const patienceMs = 10_000;
/** Networks that labs could have at once, below which it is worth a word. */
const fewSubnets = 50;

/** Only the engine where it does not answer, or is not enabled. */
export async function dockerLooks(config: Config): Promise<Looks> {
  const images: readonly (readonly [name: string, how: string])[] = [
    [config.labwrightImage, `docker build -t ${config.labwrightImage} .`],
    [config.workspaceImage, `docker build -t ${config.workspaceImage} --target workspace .`],
    [config.postgresImage, `docker pull ${config.postgresImage}`],
    [config.redisImage, `docker pull ${config.redisImage}`],
  ];
  const names = images.map(([name]) => name);
  let facts: EngineFacts;
  try {
    facts = await ask(config, names);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return [[area, 'engine', () => missing(found, 'Start a Docker Engine, or name another by DOCKER_HOST.')]];
  }
  const engine = [area, 'engine', () => ok(describe(facts, config))] as const;
  if (!config.backends.includes('docker')) return [engine];
  return [
    engine,
    [area, 'limits', () => limits(facts)],
    [area, 'disk', () => disk(facts)],
    [area, 'networks', () => networks(facts, config)],
    ...images.map(([name, how]) => [area, `image ${name}`, () => image(facts, name, how)] as const),
  ];
}

async function ask(config: Config, images: readonly string[]): Promise<EngineFacts> {
  const { readEngineFacts } = await import('../sandbox/docker/engine-facts.ts');
  const { dockerHost: host, dockerCertPath: tlsDir, dockerSubnets: subnets } = config;
  return readEngineFacts({ host, tlsDir, subnets, images }, AbortSignal.timeout(patienceMs));
}

function describe({ version, system, isRootless }: EngineFacts, { dockerHost }: Config): string {
  return `${version}${isRootless ? ', rootless' : ''}, ${system}, at ${dockerHost}`;
}

function limits({ lacks }: EngineFacts): Found {
  if (lacks.length === 0) return ok('memory, processor time and number of processes');
  const missed = lacks.join(', ');
  return warn(
    `labs are not held to their limits of: ${missed}`,
    'Enable these control groups in the kernel of the engine, or else one lab can take them from all others.',
  );
}

function disk({ storage: { driver, limitsDisk } }: EngineFacts): Found {
  if (limitsDisk) return ok(`${driver}, which can limit what a database writes`);
  return warn(
    `${driver}, which cannot limit what a database writes`,
    'Keep the data of the engine on XFS mounted with pquota, or else one lab can fill the disk.',
  );
}

function networks({ subnets: { free, all } }: EngineFacts, { dockerSubnets }: Config): Found {
  const found = `${free} of ${all} in ${dockerSubnets} are free`;
  const remedy =
    'Name a larger network, where nothing else is, by DOCKER_SUBNETS: each lab takes 16 addresses.';
  if (free === 0) return missing(found, remedy);
  return free < fewSubnets ? warn(found, remedy) : ok(found);
}

function image({ images }: EngineFacts, name: string, how: string): Found {
  return images.get(name) === true ? ok('there') : missing('not there', `Get it: ${how}`);
}
