/** Runs a partner: `STUB_FILE=… JOURNAL_FILE=… CONTROL_TOKEN=… PORT=… CONTROL_PORT=… node main.ts`. Says on stdout when it listens. */
import { readFileSync } from 'node:fs';
import { openBooks } from './books.ts';
import { ConfigError, readConfig } from './config.ts';
import { buildControl } from './control.ts';
import { watchParent } from './parent.ts';
import { buildPublic } from './public.ts';
import { type FileProblem, parseStubFile, type StubSpec } from './spec.ts';

const closeWithinMs = 1_800;

async function main(): Promise<void> {
  const config = readConfig();
  const read = readSpec(config.STUB_FILE);
  if (config.MOOD !== 'calm' && !Object.hasOwn(read.moods, config.MOOD))
    throw new ConfigError(`MOOD: ${config.STUB_FILE} has no mood ${config.MOOD}`);
  const spec = withIssuer(read, `http://${config.HOST}:${config.PORT}`);
  const books = openBooks(config.JOURNAL_FILE, config.MOOD);
  const stop = new AbortController();
  const app = await buildPublic({ spec, books, trainee: config.TRAINEE, closing: stop.signal });
  const control = buildControl({ spec, books, token: config.CONTROL_TOKEN });

  const close = () => {
    if (stop.signal.aborted) return;
    stop.abort();
    setTimeout(() => process.exit(1), closeWithinMs).unref();
    Promise.all([app.close(), control.close()]).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', close).on('SIGINT', close);
  if (config.EXIT_WITH_PARENT === '1') watchParent(close);

  // The public port first: who finds the control port healthy finds the partner serving.
  const url = await app.listen({ host: config.HOST, port: config.PORT });
  const controlUrl = await control.listen({ host: config.HOST, port: config.CONTROL_PORT });
  const [port, controlPort] = [url, controlUrl].map((listening) => Number(new URL(listening).port));
  process.stdout.write(`${JSON.stringify({ event: 'listening', port, controlPort, url })}\n`);
}

function readSpec(path: string): StubSpec {
  const parsed = parseStubFile(readFileSync(path, 'utf8'));
  if ('spec' in parsed) return parsed.spec;
  throw new ConfigError(parsed.problems.map((problem) => said(path, problem)).join('\n'));
}

function said(path: string, { message, line }: FileProblem): string {
  return `${path}${line === undefined ? '' : `:${line}`} ${message}`;
}

function withIssuer(spec: StubSpec, issuer: string): StubSpec {
  if (spec.oauth?.oidc === undefined) return spec;
  const { oidc } = spec.oauth;
  return { ...spec, oauth: { ...spec.oauth, oidc: { ...oidc, issuer: oidc.issuer ?? issuer } } };
}

main().catch((error: unknown) => {
  const known = error instanceof ConfigError || (error instanceof Error && 'code' in error);
  process.stderr.write(
    `${error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error)}\n`,
  );
  process.exit(error instanceof ConfigError ? 2 : 1);
});
