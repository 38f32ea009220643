import { createServer } from 'node:net';
import { LabError } from '../lab/errors.ts';

/**
 * Finds out before anything else is started whether the API could listen. Throws LabError `start_failed` that names
 * PORT or HOST and what to do.
 */
export async function requirePort(host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause) => reject(listenError(host, port, cause)));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()));
  });
}

/** What `listen` threw, in words that name the setting. */
export function listenError(host: string, port: number, cause: unknown): LabError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const text: Record<string, string> = {
    EADDRINUSE: `PORT: ${port} is in use on ${host}. Stop what listens there, or give another with --port (0 takes a free one).`,
    EACCES: `PORT: this user may not listen on ${port}. Give one from 1024 on with --port.`,
    EADDRNOTAVAIL: `HOST: ${host} is no address of this machine. Give one that is with --host, or 0.0.0.0 for all.`,
    ENOTFOUND: `HOST: ${host} is not known. Give an address of this machine with --host, or 0.0.0.0 for all.`,
  };
  return new LabError(
    'start_failed',
    text[code ?? ''] ?? `The API cannot listen on ${host}:${port}: ${message}.`,
    {
      cause,
      extra: { host, port },
    },
  );
}
