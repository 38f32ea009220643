import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { client, startWorld, type World } from './world.ts';

let world: World;
let document: OpenApi;
const routes: { method: string; url: string }[] = [];

interface OpenApi {
  openapi: string;
  security: object[];
  paths: Record<string, Record<string, Operation>>;
  components: { securitySchemes: object; schemas?: Record<string, unknown> };
}

interface Operation {
  summary?: string;
  tags?: string[];
  parameters?: { name: string; in: string; required?: boolean }[];
  requestBody?: { content: Record<string, { schema: object }> };
  responses: Record<string, { description?: string; content?: object }>;
}

beforeAll(async () => {
  world = await startWorld();
  document = (await client(world.app, null)('GET', '/openapi.json')).json;
  routes.push(...servedRoutes(world.app.printRoutes({ commonPrefix: false })));
});
afterAll(() => world.stop());

/** The router's own list of what is served, out of the tree that it prints: four columns a level. */
function servedRoutes(tree: string): { method: string; url: string }[] {
  const parents: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const match = /^([│├└─\s]*)(\S+)(?: \(([A-Z, ]+)\))?$/.exec(line);
    if (match?.[2] === undefined) return [];
    const depth = (match[1] ?? '').length / 4;
    parents[depth] = (parents[depth - 1] ?? '') + match[2];
    const url = parents[depth];
    return (match[3] ?? '').split(', ').flatMap((method) => (method === '' ? [] : [{ method, url }]));
  });
}

const hidden = ['/', '/catalogue', '/openapi.json'];

describe('the OpenAPI document', () => {
  it('lists every route that is served, and no other', () => {
    const served = routes
      .filter(({ method, url }) => method !== 'HEAD' && !hidden.includes(url) && !url.startsWith('/docs'))
      .map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, '{$1}')}`);
    const listed = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(listed.length).toBeGreaterThan(20);
    expect(listed.sort()).toEqual(served.sort());
  });

  it('is OpenAPI 3.1 whose references, parameters and answers are whole', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d$/);
    expect(document.security).toEqual([{ token: [] }]);
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
      (match) => match[1] ?? '',
    );
    for (const reference of references) {
      const target = reference
        .slice(2)
        .split('/')
        .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], document);
      expect(target, reference).toBeDefined();
    }
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        const name = `${method} ${path}`;
        expect(operation.summary, name).toBeTypeOf('string');
        expect(operation.tags?.length, name).toBe(1);
        const declared = (operation.parameters ?? [])
          .filter((one) => one.in === 'path')
          .map((one) => one.name);
        const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
        expect(declared.sort(), name).toEqual(inPath.sort());
        expect(
          Object.keys(operation.responses).some((status) => status.startsWith('2') || status === '101'),
          name,
        ).toBe(true);
        if (path.startsWith('/api/')) {
          expect(operation.responses.default?.content, name).toHaveProperty(['application/problem+json']);
        }
        if (['post', 'put'].includes(method)) {
          expect(operation.requestBody?.content, name).toHaveProperty(['application/json']);
        }
      }
    }
  });

  it('has a page to browse it, with nothing from elsewhere', async () => {
    const browser = client(world.app, null);
    const page = await browser('GET', '/docs');
    expect(page.status).toBe(200);
    expect(page.text).toContain('swagger-ui');
    expect(page.text).not.toMatch(/(src|href)="(https?:)?\/\//);
    const assets = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(assets.length).toBeGreaterThan(4);
    for (const asset of assets) {
      const { pathname } = new URL(asset, 'http://x/docs');
      expect((await browser('GET', pathname)).status, pathname).toBe(200);
    }
  });
});
