/**
 * Whether the process of this container does its work: the HEALTHCHECK of Labwright's image. Ends with 0 or 1, and says
 * what it found. Only the service is looked at; what labs are made of is looked at by the backend that made it.
 */
import { readRunningServer } from '../compose/data-folder.ts';
import { loadClientConfig } from '../config.ts';

const deadlineMs = 4_000;

const server = readRunningServer(loadClientConfig().dataDir);
if (server === null || !server.ready) {
  process.stdout.write(server === null ? 'no server runs here\n' : 'it is starting\n');
  process.exitCode = 1;
} else if (server.url !== null) {
  process.exitCode = await answers(`${server.url}/readyz`);
}

async function answers(url: string): Promise<0 | 1> {
  try {
    const { status } = await fetch(url, { signal: AbortSignal.timeout(deadlineMs) });
    process.stdout.write(`${url} answers ${status}\n`);
    return status === 200 ? 0 : 1;
  } catch (error) {
    process.stdout.write(
      `${url} does not answer: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    return 1;
  }
}
