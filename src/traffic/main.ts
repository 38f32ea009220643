/** Runs a load: `TRAFFIC_FILE=… TARGET_URL=… RATE=… SEED=… JOURNAL_FILE=… CONTROL_PORT=… CONTROL_TOKEN=… node main.ts`. Says on stdout when it has begun. */
import { readFileSync } from 'node:fs';
import { openBooks } from './books.ts';
import { ConfigError, readConfig } from './config.ts';
import { buildControl } from './control.ts';
import { startLoad } from './load.ts';
import { watchParent } from './parent.ts';
import { parseTrafficFile, type TrafficSpec } from './spec.ts';

const closeWithinMs = 1_800;

async function main(): Promise<void> {
  const config = readConfig();
  const spec = readSpec(config.TRAFFIC_FILE);
  const books = openBooks(config.JOURNAL_FILE);
  const control = buildControl(books, config.CONTROL_TOKEN);
  const stop = new AbortController();

  const url = await control.listen({ host: config.HOST, port: config.CONTROL_PORT });
  const target = config.TARGET_URL.replace(/\/$/, '');
  const load = startLoad({ spec, books, target, rate: config.RATE, seed: config.SEED }, stop.signal);

  const close = () => {
    if (stop.signal.aborted) return;
    stop.abort();
    setTimeout(() => process.exit(1), closeWithinMs).unref();
    Promise.all([load, control.close()]).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', close).on('SIGINT', close);
  if (config.EXIT_WITH_PARENT === '1') watchParent(close);
  process.stdout.write(`${JSON.stringify({ event: 'listening', controlPort: Number(new URL(url).port) })}\n`);
}

function readSpec(path: string): TrafficSpec {
  const parsed = parseTrafficFile(readFileSync(path, 'utf8'));
  if ('spec' in parsed) return parsed.spec;
  const said = parsed.problems.map(
    ({ message, line }) => `${path}${line === undefined ? '' : `:${line}`} ${message}`,
  );
  throw new ConfigError(said.join('\n'));
}

main().catch((error: unknown) => {
  const known = error instanceof ConfigError || (error instanceof Error && 'code' in error);
  process.stderr.write(
    `${error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error)}\n`,
  );
  process.exit(error instanceof ConfigError ? 2 : 1);
});
