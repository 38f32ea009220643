/** What passes between a browser and a lab's page, and what does not. Pure. */
import type { IncomingHttpHeaders } from 'node:http';

/** With `Secure` only a host of its own may set a cookie of this name; over plain HTTP browsers would refuse it. */
export const cookieName = (secure: boolean) => (secure ? '__Host-labwright-page' : 'labwright-page');

const ours = /^(__Host-)?labwright-page$/i;

/** Of one connection only (RFC 9110, 7.6.1), or a claim about who came before us. */
const dropped =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect|forwarded|x-forwarded-.*|x-real-ip)$/i;

/** The value of our cookie; null when there is none. */
export function sessionCookie(header: string | undefined, secure: boolean): string | null {
  const name = cookieName(secure);
  const found = cookiesOf(header).find((one) => one.startsWith(`${name}=`));
  return found === undefined ? null : found.slice(name.length + 1);
}

/** What the program in the lab is told: not our cookie, and of the way only what we know ourselves. */
export function upstreamHeaders(
  headers: IncomingHttpHeaders,
  { host, secure }: { readonly host: string; readonly secure: boolean },
): Record<string, string | string[]> {
  const named = namedByConnection(headers.connection);
  const kept = Object.entries(headers).flatMap(([name, value]): [string, string | string[]][] => {
    if (value === undefined || dropped.test(name) || named.has(name)) return [];
    if (name !== 'cookie') return [[name, value]];
    const rest = cookiesOf(String(value)).filter((one) => !ours.test(one.split('=')[0] ?? ''));
    return rest.length === 0 ? [] : [[name, rest.join('; ')]];
  });
  return {
    ...Object.fromEntries(kept),
    'x-forwarded-host': host,
    'x-forwarded-proto': secure ? 'https' : 'http',
  };
}

/** What a page may say to a browser: nothing about other hosts, and no cookie of ours. */
export function downstreamHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = namedByConnection(headers.connection);
  const kept = Object.entries(headers).flatMap(([name, value]): [string, string | string[]][] => {
    if (value === undefined || dropped.test(name) || named.has(name)) return [];
    if (name === 'strict-transport-security' || name === 'alt-svc') return [];
    if (name !== 'set-cookie') return [[name, value]];
    const cookies = [value].flat().filter((one) => !ours.test(one.split('=')[0]?.trim() ?? ''));
    return cookies.length === 0 ? [] : [[name, cookies.map(withoutDomain)]];
  });
  return Object.fromEntries(kept);
}

/** A cookie for a whole domain would be sent to the pages of other labs. */
function withoutDomain(cookie: string): string {
  return cookie
    .split(';')
    .filter((part) => !/^\s*domain\s*(=|$)/i.test(part))
    .join(';');
}

function cookiesOf(header: string | undefined): readonly string[] {
  return (header ?? '')
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function namedByConnection(header: string | undefined): ReadonlySet<string> {
  return new Set((header ?? '').split(',').map((name) => name.trim().toLowerCase()));
}

/** Where to go after entering: a path of this page, and nothing that a browser takes for another host. */
export function pathWithin(asked: string | null): string {
  if (asked === null || !/^\/(?![/\\])[\x21-\x7e]*$/.test(asked) || asked.startsWith('/_labwright/'))
    return '/';
  return asked;
}
