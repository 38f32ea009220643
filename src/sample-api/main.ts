/**
 * Runs the platform: `DATABASE_URL=… JWT_SECRET=… node main.ts`, or a small part of it: `DATABASE=optional node main.ts`.
 * Says on stdout when it listens.
 */
import type { FastifyInstance } from 'fastify';
import { buildBareApp } from './bare-app.ts';
import { ConfigError, readBareConfig, readConfig } from './config.ts';
import { createLogger } from './shared/logger.ts';
import { watchParent } from './shared/parent.ts';

/** Within the two seconds that a supervisor waits before it kills. */
const closeWithinMs = 1_800;

async function main(): Promise<void> {
  const bare = readBareConfig();
  const config = bare ?? readConfig();
  const app = bare === null ? await buildFullApp() : buildBareApp(bare, createLogger(bare.LOG_LEVEL));

  let closing = false;
  const close = () => {
    if (closing) return;
    closing = true;
    setTimeout(() => process.exit(1), closeWithinMs).unref();
    app.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', close).on('SIGINT', close);
  if (config.EXIT_WITH_PARENT === '1') watchParent(close);

  const url = await app.listen({ host: config.HOST, port: config.PORT });
  const port = Number(new URL(url).port);
  process.stdout.write(`${JSON.stringify({ event: 'listening', port, url })}\n`);
}

async function buildFullApp(): Promise<FastifyInstance> {
  const config = readConfig();
  // Loaded only here: many pods without a database may share a small cluster.
  const [{ buildApp }, { prepareDatabase }] = await Promise.all([import('./app.ts'), import('./prepare.ts')]);
  const [app] = await Promise.all([
    buildApp(config, createLogger(config.LOG_LEVEL)),
    config.SEED === 'auto' ? prepareDatabase(config) : undefined,
  ]);
  return app;
}

main().catch((error: unknown) => {
  const known = error instanceof ConfigError || (error instanceof Error && 'code' in error);
  process.stderr.write(
    `${error instanceof Error ? (known ? error.message || error.name : (error.stack ?? error.message)) : String(error)}\n`,
  );
  process.exit(error instanceof ConfigError ? 2 : 1);
});
