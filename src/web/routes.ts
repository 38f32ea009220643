/** The public pages. They show titles and summaries of templates, never anything of a lab or a trainee. */
import type { Api } from '../http/api.ts';
import type { AppDeps } from '../http/deps.ts';
import type { Readiness } from '../http/readiness.ts';
import { cataloguePage } from './catalogue.ts';
import { homePage } from './home.ts';
import { sendPage } from './layout.ts';

export function pageRoutes(api: Api, deps: AppDeps, readiness: () => Promise<Readiness>): void {
  const { backends, version } = deps;

  api.get('/', { schema: { hide: true } }, async (_request, reply) => {
    const [templates, ready] = await Promise.all([deps.templates.list(), readiness()]);
    sendPage(reply, 200, homePage({ templates: templates.length, backends, readiness: ready, version }));
    return reply;
  });

  api.get('/catalogue', { schema: { hide: true } }, async (_request, reply) => {
    const [versions, broken, ready] = await Promise.all([
      deps.templates.list(),
      deps.templates.problems(),
      readiness(),
    ]);
    const templates = versions.map((one) => one.template);
    const brokenIds = broken.map((one) => one.id);
    sendPage(reply, 200, cataloguePage(templates, brokenIds, backends, ready));
    return reply;
  });
}
