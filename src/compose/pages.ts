/** Serves the labs' own pages beside the API, on a port of their own. */
import { hkdfSync } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../config.ts';
import { LabError } from '../lab/errors.ts';
import { createPageOpener, type PageOpener } from '../proxy/open-page.ts';
import { createPages } from '../proxy/pages.ts';
import { createPagesServer } from '../proxy/server.ts';
import { createPageCodes } from '../store/page-codes.ts';
import type { Core, CoreParts } from './core.ts';

export interface RunningPages {
  readonly opener: PageOpener;
  close(): Promise<void>;
}

/** Listens. Throws LabError `start_failed` that names LABS_PORT when that was asked for and is taken. */
export async function servePages(
  core: Pick<Core, 'labs'>,
  { config, pool, drivers, key, log }: Pick<CoreParts, 'config' | 'pool' | 'drivers' | 'key' | 'log'>,
): Promise<RunningPages> {
  const asked = config.labsUrl === null ? null : new URL(config.labsUrl);
  const pages = createPages(core.labs, drivers, Date.now);
  const codes = createPageCodes(pool);
  const { server, close } = createPagesServer({
    pages,
    codes,
    key: new Uint8Array(hkdfSync('sha256', key, 'labwright', 'pages', 32)),
    labsHost: asked?.hostname.toLowerCase() ?? 'localhost',
    secure: asked?.protocol === 'https:',
    now: Date.now,
    log,
  });
  const port = await listenOn(server, config);
  const base = asked ?? new URL(`http://localhost:${port}`);
  return {
    opener: createPageOpener(pages, codes, base),
    close,
  };
}

/** Gives the port. One that nobody asked for gives way to a free one. */
async function listenOn(server: Server, { host, port, labsPort }: Config): Promise<number> {
  const wanted = labsPort ?? (port === 0 ? 0 : port + 1);
  try {
    return await listen(server, host, wanted);
  } catch (cause) {
    if (labsPort === null) return listen(server, host, 0);
    const text = `LABS_PORT: the pages of labs cannot listen on ${host}:${labsPort}. Give another with --labs-port.`;
    throw new LabError('start_failed', text, { cause });
  }
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port: port > 65_535 ? 0 : port }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
