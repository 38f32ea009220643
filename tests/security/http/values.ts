/** Bodies whose values are what breaks whoever reads, records or judges them. */
import { Environment } from '@marcbachmann/cel-js';
import { httpObserver } from '../../../src/observers/http.ts';
import { lookContext, testHandle } from '../../support/handle.ts';
import { bareServer, reply } from '../../support/misbehave.ts';
import { type Attack, attack, outcome } from '../attack.ts';
import { withLimits } from '../weaker-limits.ts';
import { gradeServer, type HttpWorld, wonBy } from './world.ts';

const json = (body: string | Buffer) =>
  reply('200 OK', { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }, body);

/** So deep that whoever goes down into it by calling itself runs out of stack. */
const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

async function lookAt(body: Buffer) {
  const server = await bareServer((socket) => socket.end(body));
  try {
    const spec = httpObserver.spec.parse({ component: 'api', path: '/' });
    const context = lookContext(testHandle({ api: server.access }));
    return await httpObserver.observe(spec, context, AbortSignal.timeout(20_000));
  } finally {
    await server.stop();
  }
}

function holdsStackBreaker(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return false;
  } catch (thrown) {
    return thrown instanceof RangeError;
  }
}

/** As many a library copies options: key by key, into an object that has a prototype. */
function copiedByKey(from: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(from)) copy[key] = from[key];
  return copy;
}

const planted = '{"__proto__": {"admin": true}, "name": "x"}';
const inherited = '{"constructor": 2, "size": "x", "toString": 1}';
const unstorable = Buffer.concat([
  Buffer.from('{"name": "\\u0000\\ud800", "raw": "'),
  Buffer.from([0xff, 0xfe, 0xc0]),
  Buffer.from('"}'),
]);

export const values: readonly Attack<HttpWorld>[] = [
  attack<HttpWorld>({
    family: 'http',
    name: 'JSON that is nested a hundred thousand times',
    defence: 'depth is counted before anything is parsed',
    off: 'the cap depth raised',
    async run(world, signal) {
      const graded = wonBy(await gradeServer(world, (s) => s.end(json(deep)), {}, signal));
      const seen = await lookAt(json(deep));
      return graded.succeeded ? graded : outcome(seen.outcome === 'seen', seen);
    },
    async control() {
      const seen = await withLimits({ depth: 1_000_000 }, () => lookAt(json(deep)));
      return outcome(seen.outcome === 'seen' && holdsStackBreaker(seen.value), seen.outcome);
    },
  }),
  attack<HttpWorld>({
    family: 'http',
    name: 'a body that plants a prototype',
    defence: '__proto__ is a key like any other, from the parser to the judge',
    off: 'an object that is copied key by key',
    run: async (world, signal) => {
      const that = 'api.json.?admin.orValue(false) == true';
      return wonBy(await gradeServer(world, (s) => s.end(json(planted)), { that }, signal));
    },
    control: async () => {
      const { admin } = copiedByKey(JSON.parse(planted));
      return outcome(admin === true, { admin });
    },
  }),
  attack<HttpWorld>({
    family: 'http',
    name: 'keys that every object has',
    defence: 'what was seen are maps for the expression engine',
    off: 'what was seen as plain objects',
    run: async (world, signal) => {
      // The right answer counts as such: an error would be the attacker's gain.
      const that = 'api.json.constructor == 2 && api.json.toString == 1';
      const { verdict, internal } = await gradeServer(world, (s) => s.end(json(inherited)), { that }, signal);
      return outcome(verdict !== 'pass', { verdict, internal });
    },
    control: async () => {
      const program = new Environment({ unlistedVariablesAreDyn: true }).parse('json.constructor == 2.0');
      try {
        return outcome(program({ json: JSON.parse(inherited) }) !== true, 'evaluated');
      } catch (thrown) {
        return outcome(true, String(thrown));
      }
    },
  }),
  attack<HttpWorld>({
    family: 'http',
    name: 'text that a database cannot hold',
    defence: 'what was seen is recorded as bytes in an encoding of our own',
    off: 'the same recorded as JSON of the database',
    run: async (world, signal) => {
      const that = 'api.json.name.size() == 1';
      return wonBy(await gradeServer(world, (s) => s.end(json(unstorable)), { that }, signal));
    },
    control: async ({ pool }) => {
      const seen = await lookAt(json(unstorable));
      const value = seen.outcome === 'seen' ? JSON.stringify(seen.value) : '';
      const refused = await pool.query('select $1::jsonb', [value]).then(
        () => null,
        (thrown: unknown) => String(thrown),
      );
      return outcome(refused !== null && value !== '', refused ?? 'recorded');
    },
  }),
  attack<HttpWorld>({
    family: 'http',
    name: 'one key twice, of which a proxy would take the first',
    defence: 'a body is parsed once, and judged as it was parsed',
    off: 'a guard that looks at the text with a pattern of its own',
    run: async (world, signal) => {
      const that = 'api.json.role == "admin" && api.json.said == "the work is done"';
      const body = '{"role": "admin", "said": "the work is done", "role": "guest"}';
      return wonBy(await gradeServer(world, (s) => s.end(json(body)), { that }, signal));
    },
    control: async () => {
      const body = '{"role": "admin", "said": "the work is done", "role": "guest"}';
      return outcome(/"role": "(\w+)"/.exec(body)?.[1] === 'admin', body);
    },
  }),
  attack<HttpWorld>({
    family: 'http',
    name: 'a page that says it is JSON',
    defence: 'json is null unless the whole body is JSON',
    off: 'the first thing in the body that looks like JSON',
    run: async (world, signal) => {
      const that = 'api.json.said == "the work is done"';
      return wonBy(await gradeServer(world, (s) => s.end(json(page)), { that }, signal));
    },
    control: async () => {
      const found = JSON.parse(/\{.*\}/.exec(page)?.[0] ?? 'null');
      return outcome(found.said === 'the work is done', found);
    },
  }),
];

const page = '<html><script>const x = {"said": "the work is done"}</script></html>';
