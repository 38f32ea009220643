/** Two trainees' labs with pages of their own making, and their pages' server. */

import type { Client } from '../../e2e/client.ts';
import { startWorld, type World } from '../../e2e/support.ts';
import { testTemplates } from '../../e2e/test-templates.ts';
import { cookieOf, visit } from '../../proxy/browser.ts';
import type { Worlds } from '../attack.ts';

export interface Visited {
  readonly lab: string;
  readonly origin: string;
  readonly cookie: string;
  /** The program itself, without the proxy. */
  readonly direct: string;
}

export interface PagesWorld {
  readonly world: World;
  readonly mallory: Client;
  /** Who attacks; their program is hostile. */
  readonly own: Visited;
  /** Somebody else, who has their own page open. */
  readonly other: Visited;
  /** A fresh address that works once, for the attacker's own page. */
  fresh(path?: string): Promise<string>;
  stop(): Promise<void>;
}

export const pagesWorlds: Worlds<PagesWorld> = {
  async start() {
    const templates = testTemplates('pages');
    const world = await startWorld({ templatesDir: templates.folder, spares: '0' });
    const [mallory, ann] = await Promise.all([world.trainee('mallory'), world.trainee('ann')]);
    const [own, other] = await Promise.all([openPage(mallory), openPage(ann)]);
    return {
      world,
      mallory,
      own,
      other,
      fresh: async (path = '/') => (await addressOf(mallory, own.lab, path)).url,
      async stop() {
        await world.stop();
        templates.remove();
      },
    };
  },
  stop: (world) => world.stop(),
};

async function openPage(client: Client): Promise<Visited> {
  const { id } = await client.create({ template: 'pages' });
  await client.untilReady(id, 60_000);
  const { url } = await addressOf(client, id, '/');
  const { components } = await client.access(id);
  const cookie = cookieOf(await visit(url));
  return { lab: id, origin: new URL(url).origin, cookie, direct: String(components.site?.facts.url) };
}

function addressOf(client: Client, lab: string, path: string) {
  return client.call<{ url: string }>('POST', `/labs/${lab}/proxy/site`, { path });
}
