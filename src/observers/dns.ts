/** `dns`: what a name resolves to. Name and server are the template's; nothing that a trainee says is looked up. */
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { z } from 'zod';
import type { ObserverKind, Value, ValueType } from '../grading/types.ts';
import { limits } from './limits.ts';
import { LookFailure, look } from './look.ts';
import { bool, dyn, list, number, object, upTo } from './spec-parts.ts';

const types = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SRV', 'TXT'] as const;

const spec = z.strictObject({
  name: z
    .string()
    .max(253)
    .regex(/^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?$/, 'expected a host name, without {{ }}'),
  type: z.enum(types).default('A'),
  server: z
    .string()
    .refine(
      (text) => isIP(text.replace(/^\[(.+)\](:\d+)?$|^([^:]+):\d+$/, '$1$3')) !== 0,
      'expected an IP address',
    )
    .optional()
    .describe("Address of a name server, with a port if it is not 53; absent: this machine's."),
  timeout: upTo(limits.longestLookMs).default(limits.lookMs),
});

export type DnsSpec = z.infer<typeof spec>;

/** Texts for most types; objects for MX (`exchange`, `priority`) and SRV (`name`, `port`, `priority`, `weight`). */
const dnsType: ValueType = object({ found: bool, records: list(dyn), durationMs: number });

export const dnsObserver: ObserverKind<DnsSpec> = {
  kind: 'dns',
  spec,
  resultType: () => dnsType,
  components: () => [],
  observe: (asked, context, signal) =>
    look(context, asked.timeout, signal, (within) => resolve(asked, within)),
};

const mostRecords = 200;

async function resolve(asked: DnsSpec, signal: AbortSignal): Promise<Value> {
  const start = performance.now();
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  if (asked.server !== undefined) resolver.setServers([asked.server]);
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  const seen = (records: readonly Value[]) => ({
    found: records.length > 0,
    records,
    durationMs: Math.round(performance.now() - start),
  });
  try {
    return seen(recordsOf(await resolver.resolve(asked.name, asked.type)));
  } catch (thrown) {
    signal.throwIfAborted();
    const { code = '' } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOTFOUND' || code === 'ENODATA') return seen([]);
    if (thrown instanceof LookFailure) throw thrown;
    const problem = code === 'ETIMEOUT' ? 'slow' : 'refused';
    throw new LookFailure(problem, 'The name server gave no answer.', `${code} for ${asked.name}`);
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** The order is the server's whim: sorted, so that the same answer is the same value. */
function recordsOf(answer: unknown): readonly Value[] {
  const found = (Array.isArray(answer) ? answer : [answer]).map((one): Value => {
    // A TXT record comes in pieces of 255 bytes.
    if (Array.isArray(one)) return one.join('');
    return typeof one === 'object' ? { ...(one as Record<string, Value>) } : String(one);
  });
  if (found.length > mostRecords) {
    const reason = `The answer has more than ${mostRecords} records.`;
    throw new LookFailure('oversized', reason, reason);
  }
  return found.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
