/** Which address a name of the sandbox's network has: names only, and only those of that network. */
import { Resolver } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Refusal } from './protocol.ts';

/** Gives an address, or why there is none. */
export type Reach = (host: string) => Promise<{ readonly address: string } | { readonly refusal: Refusal }>;

/**
 * How long a name may take longer than one that is known to be there: an engine that knows a name answers at once, and
 * for one that it does not know (a component that is stopped) it may ask servers that nobody answers for.
 */
const graceMs = 500;
const soonMs = 50;
const patienceMs = 3_000;

const componentName = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Through the network's own name server. */
export function createReach(): Reach {
  const resolver = new Resolver({ timeout: patienceMs, tries: 1 });
  return async (host) => {
    if (!isName(host)) return { refusal: 'not_allowed' };
    const found = await lookUp(resolver, host);
    if (found.length === 0) return { refusal: 'no_such_name' };
    const near = ownNetwork();
    // A name server that is told from outside of the network could lead anywhere.
    const address = found.find((one) => near.check(one, 'ipv4'));
    return address === undefined ? { refusal: 'not_allowed' } : { address };
  };
}

/** Not an address in any of its spellings, nor a name with dots: components have none. */
function isName(host: string): boolean {
  return componentName.test(host) && host !== 'localhost' && isIP(host) === 0;
}

async function lookUp(resolver: Resolver, host: string): Promise<readonly string[]> {
  const ended = new AbortController();
  try {
    const answer = resolver.resolve4(host).catch(() => []);
    return await Promise.race([answer, unanswered(resolver, ended.signal)]);
  } finally {
    ended.abort();
  }
}

/** Resolves when the name server has told our own name, and a while after that. */
async function unanswered(resolver: Resolver, ended: AbortSignal): Promise<readonly string[]> {
  try {
    // Almost always the answer comes before a question is needed.
    await delay(soonMs, undefined, { signal: ended });
    const [own] = ownAddresses();
    const told = own === undefined ? [] : await resolver.reverse(own.address).catch(() => []);
    await delay(told.length > 0 ? graceMs : patienceMs, undefined, { signal: ended });
  } catch {
    // Answered.
  }
  return [];
}

function ownAddresses() {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal);
}

function ownNetwork(): BlockList {
  const near = new BlockList();
  for (const { address, cidr } of ownAddresses()) {
    near.addSubnet(address, Number(cidr?.split('/')[1] ?? 32), 'ipv4');
  }
  return near;
}
