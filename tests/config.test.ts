import { describe, expect, it } from 'vitest';
import { createLog } from '../src/compose/log.ts';
import {
  type Config,
  ConfigError,
  listSettings,
  loadClientConfig,
  loadConfig,
  loadTracing,
  wantsColour,
} from '../src/config.ts';

const bad = (flags: Partial<Record<keyof Config, string>>, env: Record<string, string>) => {
  try {
    loadConfig(flags, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.bad;
    throw error;
  }
  throw new Error('accepted');
};

describe('settings', () => {
  it('have defaults that need nothing', () => {
    expect(loadConfig({}, {})).toMatchObject({
      port: 4000,
      host: '127.0.0.1',
      databaseUrl: null,
      redisUrl: null,
      roles: ['api', 'worker'],
      backends: ['process'],
    });
  });

  it.each([
    ['port', 'PORT', '8080', 8080],
    ['port', 'PORT', '0', 0],
    ['host', 'HOST', '0.0.0.0', '0.0.0.0'],
    ['dataDir', 'DATA_DIR', '/srv/lw', '/srv/lw'],
    ['databaseUrl', 'DATABASE_URL', 'postgres://u:p@h/d', 'postgres://u:p@h/d'],
    ['databaseUrl', 'DATABASE_URL', 'postgresql://h/d', 'postgresql://h/d'],
    ['redisUrl', 'REDIS_URL', 'rediss://h:1', 'rediss://h:1'],
    ['roles', 'ROLES', 'worker', ['worker']],
    ['roles', 'ROLES', ' api , worker ', ['api', 'worker']],
    ['spares', 'SPARES', '0', 0],
    ['installationKey', 'INSTALLATION_KEY', 'ab'.repeat(32), 'ab'.repeat(32)],
  ] as const)('reads %s from %s=%s, and the flag wins over it', (key, env, text, value) => {
    expect(loadConfig({}, { [env]: text })[key]).toEqual(value);
    expect(loadConfig({ [key]: text }, { [env]: 'not looked at' })[key]).toEqual(value);
  });

  it('takes an empty variable for an absent one', () => {
    expect(loadConfig({}, { PORT: '', REDIS_URL: '' })).toEqual(loadConfig({}, {}));
  });

  it.each([
    ['PORT', 'abc'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['DATABASE_URL', 'mysql://h/d'],
    ['REDIS_URL', 'h:6379'],
    ['ROLES', 'api,cook'],
    ['ROLES', ','],
    ['BACKENDS', 'podman'],
    ['LOG_LEVEL', 'loud'],
    ['SPARES', '101'],
    ['CONCURRENCY', '0'],
  ])('refuses %s=%s, saying what was found and what is allowed', (env, text) => {
    const [first, ...others] = bad({}, { [env]: text });
    const allowed = listSettings().find((s) => s.env === env)?.allowed;
    expect(first).toEqual({ setting: env, found: `"${text}"`, allowed });
    expect(others).toEqual([]);
  });

  it('names every bad value at once, and by which flag it came', () => {
    expect(
      bad({ port: 'x' }, { ROLES: 'y', SPARES: 'z' })
        .map((b) => b.setting)
        .sort(),
    ).toEqual(['PORT (--port)', 'ROLES', 'SPARES']);
  });

  it('never repeats a secret', () => {
    const text = JSON.stringify([
      bad({}, { DATABASE_URL: 'mysql://u:hunter2@h/d' }),
      bad({}, { INSTALLATION_KEY: 'hunter2' }),
    ]);
    expect(text).not.toContain('hunter2');
  });

  it('are all described, with names of their own', () => {
    const settings = listSettings();
    for (const s of settings) {
      expect(s.description.length, s.env).toBeGreaterThan(10);
      expect(s.env).toMatch(/^[A-Z][A-Z_]+$/);
      expect(s.flag).toBe(`--${s.env.toLowerCase().replaceAll('_', '-')}`);
    }
    expect(new Set(settings.map((s) => s.env)).size).toBe(settings.length);
  });
});

describe('client settings', () => {
  it('prefer flags, then variables, then the data folder', () => {
    expect(loadClientConfig({}, { DATA_DIR: '/d' })).toEqual({ url: null, token: null, dataDir: '/d' });
    const env = { LABWRIGHT_URL: 'http://a:1/', LABWRIGHT_TOKEN: 't' };
    expect(loadClientConfig({}, env)).toMatchObject({ url: 'http://a:1', token: 't' });
    expect(loadClientConfig({ url: 'https://b', token: 'u' }, env)).toMatchObject({
      url: 'https://b',
      token: 'u',
    });
    expect(() => loadClientConfig({}, { LABWRIGHT_URL: 'a:1' })).toThrow('LABWRIGHT_URL');
  });

  it('colour only a terminal that wants it', () => {
    expect(wantsColour(true, {})).toBe(true);
    expect(wantsColour(true, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColour(false, {})).toBe(false);
    expect(wantsColour(true, { TERM: 'dumb' })).toBe(false);
  });
});

describe('log lines', () => {
  const secrets = ['hunter2', 'lw_Zm9vYmFyYmF6cXV4', 'eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl', 's3cr/et'];

  it.each(['json', 'text'] as const)(
    'never hold tokens, passwords or connection strings (%s)',
    (logFormat) => {
      const lines: string[] = [];
      const log = createLog({ logLevel: 'trace', logFormat }, { write: (line) => lines.push(line) });
      log.info({ url: 'postgres://admin:hunter2@db:5432/x' }, 'connected to redis://:hunter2@cache:6379');
      log.info(
        { password: 'hunter2', nested: { accessToken: 'hunter2', jwt_secret: 'hunter2' } },
        'password=hunter2',
      );
      log.info({ headers: { authorization: 'Bearer hunter2hunter2', cookie: 'sid=hunter2' } }, 'call');
      log.error({ err: new Error('no route to postgresql://a:s3cr/et@db:5432/x') }, 'lw_Zm9vYmFyYmF6cXV4');
      log.child({ token: 'hunter2' }).warn('eyJhbGciOi12345678.eyJzdWIiOi.c2lnbmF0dXJl');
      const text = lines.join('');
      expect(text).toContain('db:5432');
      expect(lines.length).toBe(5);
      for (const secret of secrets) expect(text).not.toContain(secret);
    },
  );
});

describe('traces', () => {
  it.each([
    [{}, null],
    [{ OTEL_SERVICE_NAME: 'mine' }, null],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }, { serviceName: 'labwright' }],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:4318' }, { serviceName: 'labwright' }],
    [{ OTEL_TRACES_EXPORTER: 'console' }, { serviceName: 'labwright' }],
    [{ OTEL_TRACES_EXPORTER: 'otlp', OTEL_SERVICE_NAME: 'mine' }, { serviceName: null }],
    [
      { OTEL_TRACES_EXPORTER: 'otlp', OTEL_RESOURCE_ATTRIBUTES: 'a=b,service.name=mine' },
      { serviceName: null },
    ],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_TRACES_EXPORTER: 'none' }, null],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_SDK_DISABLED: 'TRUE' }, null],
  ])('are asked for by the standard variables: %j', (env, tracing) => {
    expect(loadTracing(env)).toEqual(tracing);
  });
});
