/** What to type to use a component through a port of this machine. Pure. */
import type { Json } from '../../templates/types.ts';

export type Facts = Readonly<Record<string, Json>>;

export interface Use {
  readonly lines: readonly (readonly [string, string])[];
  /** For scripts. */
  readonly json: Readonly<Record<string, Json>>;
}

const host = '127.0.0.1';

/** @param facts as the lab tells them; its own address in them gives way to the local one. */
export function howToUse(kind: string, facts: Facts, port: number): Use {
  const url = localUrl(facts.url, port);
  const text = (name: string): readonly [string, string][] =>
    typeof facts[name] === 'string' || typeof facts[name] === 'number' ? [[name, String(facts[name])]] : [];
  const json = { ...facts, host, port, ...(url !== null && { url }) };
  const lines: readonly (readonly [string, string])[] = [
    ['listens on', `${host}:${port}`],
    ...(url === null ? [] : [['url', url] as const]),
    ...(kind === 'postgres' && url !== null ? [['psql', `psql ${quoted(url)}`] as const] : []),
    ...(kind === 'redis' && url !== null ? [['redis-cli', `redis-cli -u ${quoted(url)}`] as const] : []),
    ...(kind === 'sample-api' ? [...text('user'), ...text('password'), ...text('tenant')] : []),
  ];
  return { lines, json };
}

function localUrl(url: Json | undefined, port: number): string | null {
  if (typeof url !== 'string' || !URL.canParse(url)) return null;
  const local = new URL(url);
  local.host = `${host}:${port}`;
  return local.href;
}

/** For a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
