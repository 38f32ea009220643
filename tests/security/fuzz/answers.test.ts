/** Whatever bytes a trainee's server answers with, the grader reads, records and judges them. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createJudge, type Judge } from '../../../src/grading/judge/thread.ts';
import { httpLook, templateOf } from '../../support/graded-lab.ts';
import { testHandle } from '../../support/handle.ts';
import { bareServer } from '../../support/misbehave.ts';
import { inTurns, replay, sample } from './cases.ts';
import { wrongsOf } from './grade-cases.ts';

let judge: Judge;
beforeAll(() => {
  judge = createJudge();
});
afterAll(() => judge.close());

const word = fc.string({ unit: 'binary', maxLength: 30 });
const token = fc.stringMatching(/^[a-z!#$%&'*+^_|~0-9-]{1,12}$/);
const printable = fc.stringMatching(/^[\x21-\x7e\x80-\xff]{0,30}$/);
const headerLine = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(token, printable).map(([name, value]) => `${name}: ${value}`) },
  fc.tuple(word, word).map(([name, value]) => `${name}: ${value}`),
  { weight: 6, arbitrary: fc.constantFrom('content-type: application/json', 'content-type: text/html') },
  fc.constantFrom(
    'content-type: application/json; charset=utf-16',
    'transfer-encoding: chunked',
    'transfer-encoding: gzip, chunked',
    'content-encoding: gzip',
    'content-encoding: br',
    'content-encoding: deflate',
    'content-length: 3',
    'content-length: -1',
    'content-length: 99999999999999999999',
    'connection: upgrade',
    'upgrade: websocket',
    'location: http://169.254.169.254/',
    'set-cookie: a=b',
    '__proto__: x',
    'constructor: y',
    'trailer: x',
  ),
);
const start = fc.oneof(
  { weight: 12, arbitrary: fc.constant('HTTP/1.1 200 OK') },
  fc.constantFrom(
    'HTTP/1.0 200',
    'HTTP/1.1 999 X',
    'HTTP/1.1 204 No Content',
    'HTTP/1.1 100 Continue',
    'HTTP/1.1 101 Go',
    'HTTP/2 200',
    'HTTP/1.1 0 ',
    '',
    'SSH-2.0-x',
  ),
  word,
);
const oddJson = fc.constantFrom(
  '{"__proto__": {"c": 1}}',
  '{"constructor": {"prototype": 1}}',
  '[1e999, -1e999, -0, 1e-999]',
  '"\\ud800"',
  '{"a": "\\u0000"}',
  '{"a":1,"a":2}',
  '[[[[[[]]]]]]'.repeat(2),
  'null',
  `${'['.repeat(70)}${']'.repeat(70)}`,
  `${'{"a":'.repeat(61)}1${'}'.repeat(61)}`,
);
const body = fc.oneof(
  fc.json({ maxDepth: 6 }),
  oddJson,
  word,
  fc.constantFrom('3\r\nabc\r\n0\r\n\r\n', 'ffffffffff\r\n', '-1\r\n', 'x'.repeat(1_100_000)),
);
const bytes = fc.uint8Array({ maxLength: 60 });
const arbitraryAnswer = fc.record({
  head: fc
    .tuple(start, fc.array(headerLine, { maxLength: 4 }))
    .map(([first, lines]) => [first, ...lines].join('\r\n')),
  body: fc.oneof(
    body.map((text) => Buffer.from(text)),
    bytes.map((some) => Buffer.from(some)),
  ),
  end: fc.constantFrom('end', 'end', 'end', 'reset'),
});

const asks = [
  'x.json == params.wanted',
  'x.status == 200 && x.text.contains(params.wanted)',
  'x.json.items.map(i, i.id).exists(i, i == params.wanted)',
  'x.headers["content-type"] == params.wanted',
  'x.json.a.b.c == params.wanted || x.json[0] == params.wanted',
  'x.json.all(i, i == params.wanted) && x.json.size() > 99',
  'params.wanted in x.headers || params.wanted in x.json',
  'x.text.split("a").map(t, t + t).join(params.wanted).size() == 123456789',
];

it('is never a pass, our fault, or late', async () => {
  const answers = sample(arbitraryAnswer, 1_500);
  const server = await bareServer((socket, head) => {
    const answer = answers[Number(/^GET \/(\d+) /.exec(head)?.[1])];
    if (answer === undefined) return socket.destroy();
    socket.write(`${answer.head}\r\n\r\n`);
    if (answer.end === 'end') socket.end(answer.body);
    else socket.write(answer.body, () => socket.resetAndDestroy());
  });
  try {
    const cases = answers.map(({ head, body: sent, end }, nth) => ({
      look: httpLook(`/${nth}`, { timeout: '2s' }),
      that: inTurns(asks, nth),
      about: { head, body: sent.toString('latin1').slice(0, 300), end },
    }));
    const { api } = templateOf([]).template.components;
    if (api === undefined) throw new Error('the sample has no API');
    const sandbox = testHandle({ api: server.access });
    const theirs = { api: { ...api, custody: 'trainee' } } as const;
    expect(await wrongsOf(cases, judge, sandbox, theirs), replay).toEqual([]);
  } finally {
    await server.stop();
  }
}, 300_000);
