/** Runs a load: `TRAFFIC_FILE=… TARGET_URL=… RATE=… SEED=… JOURNAL_FILE=… CONTROL_PORT=… CONTROL_TOKEN=… node main.ts`. Says on stdout when it has begun. */
import { closeWhenTold, runProgram } from '../program/run.ts';
import { readSpec } from '../program/spec-file.ts';
import { openBooks } from './books.ts';
import { readConfig } from './config.ts';
import { buildControl } from './control.ts';
import { startLoad } from './load.ts';
import { parseTrafficFile } from './spec.ts';

async function main(): Promise<void> {
  const config = readConfig();
  const spec = readSpec(config.TRAFFIC_FILE, parseTrafficFile);
  const books = openBooks(config.JOURNAL_FILE);
  const control = buildControl(books, config.CONTROL_TOKEN);
  const stop = new AbortController();

  const url = await control.listen({ host: config.HOST, port: config.CONTROL_PORT });
  const target = config.TARGET_URL.replace(/\/$/, '');
  const load = startLoad({ spec, books, target, rate: config.RATE, seed: config.SEED }, stop.signal);

  closeWhenTold(stop, config.EXIT_WITH_PARENT === '1', () => Promise.all([load, control.close()]));
  process.stdout.write(`${JSON.stringify({ event: 'listening', controlPort: Number(new URL(url).port) })}\n`);
}

runProgram(main);
