/** Gives a caller of the API an address at which their browser may open a component's pages. */
import { LabError } from '../lab/errors.ts';
import type { Caller } from '../lab/lab-service.ts';
import type { ServicePort } from '../lab/ports.ts';
import { servicePortText } from '../lab/service-port.ts';
import { hostOf } from './hosts.ts';
import type { PageCodes } from './page-codes.ts';
import type { PagesSource } from './pages.ts';
import { enterPath } from './server.ts';

const codeSeconds = 30;

export interface PageOpener {
  /** Throws `component_not_found` with those that have pages, and what the source throws. */
  open(
    caller: Caller,
    labId: string,
    component: string,
    path: string,
    /** In a component that is a namespace; null in any other. */
    service: ServicePort | null,
  ): Promise<{ readonly url: string; readonly expiresAt: Date }>;
}

/** @param base what browsers call the pages' server, such as `http://localhost:4001`. */
export function createPageOpener(pages: PagesSource, codes: Pick<PageCodes, 'issue'>, base: URL): PageOpener {
  return {
    async open(caller, labId, component, path, service) {
      const { components, namespaces } = await pages.of(caller, labId);
      if (service === null && namespaces.includes(component)) {
        const text = `service: "${component}" is a namespace; say which Service of it and which port, such as web:80.`;
        throw new LabError('bad_request', text, { extra: { field: 'service' } });
      }
      const among = service === null ? components : namespaces;
      if (!among.includes(component)) {
        const known = among.join(', ') || 'none';
        throw new LabError(
          'component_not_found',
          `component: "${component}" has no ${service === null ? 'pages' : 'Services'}; those that have: ${known}.`,
          {
            extra: { field: 'component', known: among },
          },
        );
      }
      const { protocol, port, hostname } = base;
      const place = service === null ? component : `${component}:${servicePortText(service)}`;
      const host = hostOf(labId, place, hostname);
      if (host === null) {
        throw new LabError('bad_request', `component: the name "${place}" is too long for a host name.`);
      }
      const { role, subject } = caller;
      const { code, expiresAt } = await codes.issue({ labId, component: place, role, subject }, codeSeconds);
      const url = new URL(`${protocol}//${host}${port === '' ? '' : `:${port}`}${enterPath}`);
      url.searchParams.set('code', code);
      if (path !== '/') url.searchParams.set('to', path);
      return { url: url.href, expiresAt };
    },
  };
}
