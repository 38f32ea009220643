import { describe, expect, it } from 'vitest';
import { ConfigError, readBareConfig, readConfig, readSeedConfig } from '../../src/sample-api/config.ts';
import { environment, trainee } from './support.ts';

const url = 'postgres://u:p@localhost/d';

describe('the configuration', () => {
  it('has defaults for all but the database and the key', () => {
    const config = readConfig({ DATABASE_URL: url, JWT_SECRET: 'x'.repeat(32), PORT: '' });
    expect(config).toMatchObject({
      HOST: '127.0.0.1',
      PORT: 8000,
      VARIANT: 'stock',
      SEED: 'auto',
      SEED_NUMBER: 1,
      SEED_SCALE: 'S',
      POOL_SIZE: 4,
    });
    expect(config.BOOTSTRAP_USER).toBeUndefined();
  });

  it.each([
    ['PORT', '80.5'],
    ['PORT', '-1'],
    ['VARIANT', 'none'],
    ['SEED', 'yes'],
    ['SEED_NUMBER', 'abc'],
    ['SEED_SCALE', 'L'],
    ['LOG_LEVEL', 'loud'],
    ['POOL_SIZE', '0'],
    ['JWT_SECRET', 'short'],
    ['BOOTSTRAP_USER', '{"id":1}'],
    ['BOOTSTRAP_USER', 'not json'],
    ['DATABASE_URL', 'localhost'],
    ['RELEASE', 'v2'],
    ['DATABASE', 'none'],
  ])('refuses %s=%s by name, and no other', (name, value) => {
    const attempt = () => readConfig(environment(url, { [name]: value }));
    expect(attempt).toThrow(ConfigError);
    expect(attempt).toThrow(new RegExp(`^${name}: found .*; allowed: .+$`));
  });

  it('may do without a database only where it is told so', () => {
    expect(readBareConfig({})).toBeNull();
    expect(readBareConfig({ DATABASE: 'optional', DATABASE_URL: url })).toBeNull();
    expect(readBareConfig({ DATABASE: 'optional', RELEASE: '2.0.0' })).toMatchObject({
      PORT: 8000,
      RELEASE: '2.0.0',
    });
    expect(() => readBareConfig({ DATABASE: 'optional', PORT: 'x' })).toThrow(/^PORT: found "x"/);
  });

  it('reads the account that signs in by its own password', () => {
    expect(readConfig(environment(url)).BOOTSTRAP_USER).toEqual(trainee);
  });

  it('reads the arguments of the seed command', () => {
    expect(readSeedConfig(['--scale', 'M', '--seed', '12'], { DATABASE_URL: url })).toEqual({
      databaseUrl: url,
      scale: 'M',
      seed: 12,
    });
    expect(() => readSeedConfig(['--size', 'M'], { DATABASE_URL: url })).toThrow(ConfigError);
    expect(() => readSeedConfig([], {})).toThrow(/DATABASE_URL/);
  });
});
