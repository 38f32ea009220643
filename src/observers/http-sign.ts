/** The signature of a request, as webhooks have it: an HMAC over a text that holds the time and the body. */
import { createHmac } from 'node:crypto';
import type { Filler } from '../grading/types.ts';
import type { SignSpec } from './http-spec.ts';

/** The header's lower-case name and its value. @param now milliseconds since 1970. */
export function signature(asked: SignSpec, body: string, fill: Filler, now: number): [string, string] {
  const time = String(Math.floor((now + asked.time) / 1000));
  const signed = fillOwn(asked.over, { time, body }, fill.text);
  const digest = createHmac(asked.hmac, fill.text(asked.secret)).update(signed).digest();
  const own = { time, hex: digest.toString('hex'), base64: digest.toString('base64') };
  return [asked.header.toLowerCase(), fillOwn(asked.format, own, fill.header)];
}

const hole = /(\{\{\s*\w+\s*\}\})/;

/** Our own names first and once: a body that holds `{{` is data, and so is whatever others fill in. */
function fillOwn(
  text: string,
  own: Readonly<Record<string, string>>,
  fill: (text: string) => string,
): string {
  return text
    .split(hole)
    .map((part) => {
      const name = /^\{\{\s*(\w+)\s*\}\}$/.exec(part)?.[1] ?? '';
      return Object.hasOwn(own, name) ? (own[name] ?? '') : fill(part);
    })
    .join('');
}
