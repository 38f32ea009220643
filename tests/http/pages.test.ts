import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleVersion } from './sample-version.ts';
import { client, startWorld, type World } from './world.ts';

const attack = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`;
let world: World;
let browser: ReturnType<typeof client>;

beforeAll(async () => {
  const evil = sampleVersion({
    id: 'evil',
    title: attack,
    summary: attack,
    competencies: [attack],
    tasks: [{ id: 't', title: attack, text: null, checks: [], opens: null, checkpoint: false, skip: null }],
    backends: ['docker'],
  });
  const place = { file: 'lab.yaml', line: 1, column: 1, severity: 'error', code: 'unknown_key' } as const;
  const broken = [{ id: 'half-done', problems: [{ ...place, message: 'a secret of the author' }] }];
  world = await startWorld({ versions: [sampleVersion(), evil], broken });
  browser = client(world.app, null);
});
afterAll(() => world.stop());

const accept = { accept: 'text/html' };

describe('pages', () => {
  it('say what runs here and lead to the catalogue and the docs', async () => {
    const home = await browser('GET', '/');
    expect(home.status).toBe(200);
    expect(home.headers['content-type']).toBe('text/html; charset=utf-8');
    for (const text of [
      'href="/docs"',
      'href="/catalogue"',
      '2 labs',
      'database: up',
      'no security boundary',
    ]) {
      expect(home.text).toContain(text);
    }
  });

  it('list templates with a line that starts each, only where its backend is here', async () => {
    const { text } = await browser('GET', '/catalogue');
    expect(text).toContain('labwright lab create first-steps');
    expect(text).toContain(
      '-d &#39;{&quot;template&quot;:&quot;first-steps&quot;}&#39;'
        .replaceAll('&#39;', "'")
        .replaceAll('&quot;', '"'),
    );
    expect(text).not.toContain('labwright lab create evil');
    expect(text).toContain('docker: not enabled here');
  });

  it('name what does not load, and so does whoever is asked for it', async () => {
    const { text } = await browser('GET', '/catalogue');
    expect(text).toContain('One template does not load: half-done.');
    expect(text).not.toContain('secret');
    const ann = client(world.app, await world.token('trainee', 'ann'));
    for (const answer of [
      await ann('POST', '/labs', { template: 'half-done' }),
      await ann('GET', '/templates/half-done'),
    ]) {
      expect(answer).toMatchObject({ status: 422, json: { code: 'template_invalid' } });
      expect(answer.json.detail).toContain('does not load: 1 error');
    }
  });

  it('show names as text, whatever is in them', async () => {
    const { text } = await browser('GET', '/catalogue');
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(text).not.toContain('<script');
    expect(text).not.toContain('<img');
    const lost = await browser('GET', '/%3Cscript%3Ealert(1)%3C/script%3E', undefined, accept);
    expect(lost.status).toBe(404);
    expect(lost.text).toContain('Nothing here');
    expect(lost.text).not.toContain('<script');
  });

  it('allow their own style and nothing else', async () => {
    const { text, headers } = await browser('GET', '/catalogue');
    const style = /<style>([\s\S]*)<\/style>/.exec(text)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`'sha256-${hash}'`);
    expect(policy).not.toContain('script-src');
    expect(text).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  it('are for browsers; programs get a problem', async () => {
    expect((await browser('GET', '/nothing')).json.code).toBe('not_found');
    const api = await browser('GET', '/api/v1/nothing', undefined, accept);
    expect(api.json.code).toBe('not_found');
  });

  it('and every other answer carry the security headers and no CORS', async () => {
    for (const path of [
      '/',
      '/catalogue',
      '/healthz',
      '/openapi.json',
      '/api/v1/labs',
      '/nothing',
      '/docs/',
    ]) {
      const { headers } = await browser('GET', path, undefined, { origin: 'https://evil.example' });
      expect(headers['x-content-type-options'], path).toBe('nosniff');
      expect(headers['content-security-policy'], path).toContain("frame-ancestors 'none'");
      expect(headers['access-control-allow-origin'], path).toBeUndefined();
    }
  });
});
