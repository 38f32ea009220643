/** Runs a partner: `STUB_FILE=… JOURNAL_FILE=… CONTROL_TOKEN=… PORT=… CONTROL_PORT=… node main.ts`. Says on stdout when it listens. */
import { closeWhenTold, runProgram } from '../program/run.ts';
import { readSpec } from '../program/spec-file.ts';
import { ConfigError } from '../program/variables.ts';
import { openBooks } from './books.ts';
import { readConfig } from './config.ts';
import { buildControl } from './control.ts';
import { buildPublic } from './public.ts';
import { parseStubFile, type StubSpec } from './spec.ts';

async function main(): Promise<void> {
  const config = readConfig();
  const read = readSpec(config.STUB_FILE, parseStubFile);
  if (config.MOOD !== 'calm' && !Object.hasOwn(read.moods, config.MOOD))
    throw new ConfigError(`MOOD: ${config.STUB_FILE} has no mood ${config.MOOD}`);
  const spec = withIssuer(read, config.PUBLIC_URL ?? `http://${config.HOST}:${config.PORT}`);
  const books = openBooks(config.JOURNAL_FILE, config.MOOD);
  const stop = new AbortController();
  const app = await buildPublic({ spec, books, trainee: config.TRAINEE, closing: stop.signal });
  const control = buildControl({ spec, books, token: config.CONTROL_TOKEN });

  closeWhenTold(stop, config.EXIT_WITH_PARENT === '1', () => Promise.all([app.close(), control.close()]));

  // The public port first: who finds the control port healthy finds the partner serving.
  const url = await app.listen({ host: config.HOST, port: config.PORT });
  const controlUrl = await control.listen({ host: config.HOST, port: config.CONTROL_PORT });
  const [port, controlPort] = [url, controlUrl].map((listening) => Number(new URL(listening).port));
  process.stdout.write(`${JSON.stringify({ event: 'listening', port, controlPort, url })}\n`);
}

function withIssuer(spec: StubSpec, issuer: string): StubSpec {
  if (spec.oauth?.oidc === undefined) return spec;
  const { oidc } = spec.oauth;
  return { ...spec, oauth: { ...spec.oauth, oidc: { ...oidc, issuer: oidc.issuer ?? issuer } } };
}

runProgram(main);
