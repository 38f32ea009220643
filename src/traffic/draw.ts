/** What a load sends as its n-th request. Pure: from the seed, the number and what was saved until then. */
import { createHash } from 'node:crypto';
import { fill, fillText, type Json } from './fill.ts';
import { type DrawSpec, type RequestSpec, routeName } from './spec.ts';

export interface Drawn {
  readonly route: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: Json | undefined;
  readonly save: Readonly<Record<string, string>>;
}

/** Null: the request that was drawn needs something that nobody has saved yet. */
export function drawRequest(
  requests: readonly RequestSpec[],
  of: { readonly seed: string; readonly n: number; readonly now: Date },
  saved: ReadonlyMap<string, readonly Json[]>,
): Drawn | null {
  const bytes = (what: string) => createHash('sha256').update(`${of.seed}\n${of.n}\n${what}`).digest();
  const below = (most: number, what: string) => Math.floor((bytes(what).readUInt32BE(0) / 2 ** 32) * most);
  const request = choose(requests, (total) => below(total, 'request'));
  if (request === undefined) return null;
  const values: Record<string, Json> = { n: of.n, now: of.now.toISOString() };
  for (const [name, draw] of Object.entries(request.draws)) {
    const value = drawnFor(draw, name);
    if (value === undefined) return null;
    values[name] = value;
  }
  const headers = Object.entries(request.headers).map(([name, text]) => [
    name.toLowerCase(),
    fillText(text, values).replaceAll(/[^\x20-\x7e]/g, ''),
  ]);
  return {
    route: routeName(request),
    method: request.method,
    path: fillText(request.path, values, encodeURIComponent),
    headers: Object.fromEntries(headers),
    json: request.json === undefined ? undefined : fill(request.json, values),
    save: request.save,
  };

  function drawnFor(draw: DrawSpec, name: string): Json | undefined {
    if (draw === 'uuid') return uuidOf(bytes(name));
    if ('int' in draw) return draw.int.from + below(draw.int.to - draw.int.from + 1, name);
    const from = 'choice' in draw ? draw.choice : (saved.get(draw.saved) ?? []);
    return from[below(from.length, name)];
  }
}

function choose(requests: readonly RequestSpec[], below: (total: number) => number): RequestSpec | undefined {
  let left = below(requests.reduce((sum, { weight }) => sum + weight, 0));
  return requests.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
}

/** Of version 4 in its form. */
function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
