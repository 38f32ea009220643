import { describe, expect, it } from 'vitest';
import { drawRequest } from '../../src/traffic/draw.ts';
import { parseTrafficFile, type TrafficSpec } from '../../src/traffic/spec.ts';
import { sentPage, summarise } from '../../src/traffic/summary.ts';

const text = `
requests:
  - method: POST
    path: /orders
    weight: 3
    draws: { order: uuid, amount: { int: { from: 1, to: 6 } }, plan: { choice: [basic, pro] } }
    headers: { Idempotency-Key: "{{order}}" }
    json: { id: "{{order}}", amount: "{{amount}}", plan: "{{plan}}", note: "number {{n}}" }
    save: { id: json.id }
  - path: /orders/{{known}}
    draws: { known: { saved: id } }
`;

function specOf(file: string): TrafficSpec {
  const parsed = parseTrafficFile(file);
  if ('spec' in parsed) return parsed.spec;
  throw new Error(JSON.stringify(parsed.problems));
}

describe('a traffic file', () => {
  it.each<[string, string, RegExp]>([
    ['with nothing to send', 'requests: []', /requests/],
    ['with another host', 'requests: [{ path: //evil.example/ }]', /one slash/],
    ['with braces that nobody can fill', 'requests:\n  - { path: "/{{x}}" }', /2: .*\{\{x\}\} is neither/],
    ['with what nobody saves', 'requests: [{ path: /, draws: { a: { saved: id } } }]', /no request saves id/],
    ['with a draw from nothing', 'requests: [{ path: /, draws: { a: { choice: [] } } }]', /draws/],
  ])('is refused %s', (_, file, message) => {
    const parsed = parseTrafficFile(file);
    const problems = 'problems' in parsed ? parsed.problems : [];
    expect(problems.map((one) => `${one.line}: ${one.message}`).join('\n')).toMatch(message);
  });

  it('gives the same requests from the same seed', () => {
    const { requests } = specOf(text);
    const now = new Date();
    const saved = new Map([['id', ['a/b', 'c']]]);
    const all = (seed: string) =>
      Array.from({ length: 400 }, (_, n) => drawRequest(requests, { seed, n: n + 1, now }, saved));
    expect(all('1')).toEqual(all('1'));
    expect(all('2')).not.toEqual(all('1'));
    const drawn = all('1').filter((one) => one !== null);
    const posts = drawn.filter(({ method }) => method === 'POST');
    expect(posts.length / 400).toBeCloseTo(0.75, 1);
    const bodies = posts.map(
      ({ json }) => json as { id: string; amount: number; plan: string; note: string },
    );
    expect(new Set(bodies.map(({ id }) => id)).size).toBe(posts.length);
    for (const { id } of bodies)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect([...new Set(bodies.map(({ amount }) => amount))].sort()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(posts[0]?.headers).toEqual({ 'idempotency-key': bodies[0]?.id });
    expect(new Set(drawn.map(({ route }) => route))).toEqual(new Set(['POST /orders', 'GET /orders/:known']));
    expect(new Set(drawn.map(({ path }) => path))).toEqual(
      new Set(['/orders', '/orders/a%2Fb', '/orders/c']),
    );
    expect(all('1').length).toBe(drawn.length);
    expect(drawRequest(requests.slice(1), { seed: '1', n: 1, now }, new Map())).toBeNull();
  });

  it('pages through what was sent, with the keys of answers before those of requests', () => {
    const at = '2026-01-01T00:00:00.000Z';
    const base = { at, method: 'POST', path: '/o', route: 'POST /o', outcome: 'answered' as const };
    const entries = Array.from({ length: 2_500 }, (_, n) => ({
      ...base,
      seq: n + 1,
      status: 201,
      json: { id: `k${n}`, v: n },
    }));
    const [first, second] = [0, 2_000].map((after) =>
      sentPage(entries, { key: 'id', columns: ['v'], after }),
    );
    expect([first?.sent.length, first?.next, second?.sent.length, second?.next]).toEqual([
      2_000,
      2_000,
      500,
      null,
    ]);
    expect(first?.sent[1]).toEqual({ at, key: 'k1', acknowledged: true, sent: { v: 1 } });
    const lost = { ...base, seq: 1, status: 0, json: { id: 'mine' } };
    const given = { ...base, seq: 2, status: 201, json: { id: 'mine' }, saved: { id: 7 } };
    const silent = { ...base, seq: 3, status: 500, json: 5 };
    expect(sentPage([lost, given, silent], { key: 'id', columns: [], after: 0 }).sent).toEqual([
      { at, key: 'mine', acknowledged: false, sent: {} },
      { at, key: '7', acknowledged: true, sent: {} },
    ]);
    expect(summarise([lost, given, silent], {}).counts).toEqual({
      'POST /o 0': 1,
      'POST /o 201': 1,
      'POST /o 500': 1,
    });
  });
});
