/** Runs the platform: `DATABASE_URL=… JWT_SECRET=… node main.ts`. Says on stdout when it listens. */
import { buildApp, createLogger } from './app.ts';
import { ConfigError, readConfig } from './config.ts';
import { prepareDatabase } from './prepare.ts';
import { watchParent } from './shared/parent.ts';

/** Within the two seconds that a supervisor waits before it kills. */
const closeWithinMs = 1_800;

async function main(): Promise<void> {
  const config = readConfig();
  const logger = createLogger(config.LOG_LEVEL);
  const [app] = await Promise.all([
    buildApp(config, logger),
    config.SEED === 'auto' ? prepareDatabase(config) : undefined,
  ]);

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

main().catch((error: unknown) => {
  const known = error instanceof ConfigError || (error instanceof Error && 'code' in error);
  process.stderr.write(
    `${error instanceof Error ? (known ? error.message || error.name : (error.stack ?? error.message)) : String(error)}\n`,
  );
  process.exit(error instanceof ConfigError ? 2 : 1);
});
