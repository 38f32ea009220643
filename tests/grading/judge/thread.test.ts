import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { createJudge } from '../../../src/grading/judge/thread.ts';
import type { Value } from '../../../src/grading/types.ts';

const signal = new AbortController().signal;
const judge = createJudge();
afterAll(() => judge.close());

const numbers = (count: number): Value => Array.from({ length: count }, (_, n) => n);
const endless = 'big.exists(x, big.exists(y, x + y < 0))';

describe('the judge thread', () => {
  it('answers each expression in order, whatever is wrong with one', async () => {
    const sources = ['a == 1', 'a == 2', 'a.b == 1', 'nobody == 1', 'a ==', 'nope(a)', 'a == 1'];
    const outcomes = await judge.evaluate({ sources, scope: { a: 1 } }, signal);
    expect(outcomes.map(({ kind }) => kind)).toEqual([
      'value',
      'value',
      'threw',
      'absent',
      'broken',
      'broken',
      'value',
    ]);
    expect(outcomes[3]).toEqual({ kind: 'absent', roots: ['nobody'] });
    expect(await judge.evaluate({ sources: [], scope: {} }, signal)).toEqual([]);
  });

  it('takes timestamps, bytes and odd keys across', async () => {
    const scope = {
      at: new Date(5),
      bytes: new Uint8Array([1, 2]),
      odd: JSON.parse('{"__proto__": 1, "constructor": 2}'),
      text: 'a\u0000\ud800',
    };
    const sources = [
      'at - timestamp(0) == duration("5ms")',
      'bytes.size() == 2',
      'odd.__proto__ + odd.constructor == 3',
      'text.size() == 3',
    ];
    const outcomes = await judge.evaluate({ sources, scope }, signal);
    expect(outcomes).toEqual(sources.map(() => ({ kind: 'value', value: true })));
  });

  it('ends an expression after 500 ms, judges the next one, and the next batch', async () => {
    const begun = performance.now();
    const scope = { big: numbers(100_000) };
    const outcomes = await judge.evaluate(
      { sources: ['big.size() > 1', endless, 'big.size() > 2'], scope },
      signal,
    );
    expect(outcomes).toEqual([
      { kind: 'value', value: true },
      { kind: 'stopped', because: 'time' },
      { kind: 'value', value: true },
    ]);
    // 500 ms of the thread's own time; how long that takes on a busy machine is another matter.
    expect(performance.now() - begun).toBeLessThan(20_000);
    expect(await judge.evaluate({ sources: ['true'], scope: {} }, signal)).toEqual([
      { kind: 'value', value: true },
    ]);
  });

  it('ends an expression that needs too much memory', async () => {
    const small = createJudge({ memoryMb: 32, expressionMs: 60_000 });
    const scope = { big: numbers(50_000) };
    const outcomes = await small.evaluate(
      { sources: ['big.map(x, big.map(y, y + 0.5)).size() > 0', 'big.size() > 2'], scope },
      signal,
    );
    await small.close();
    expect(outcomes).toEqual([
      { kind: 'stopped', because: 'memory' },
      { kind: 'value', value: true },
    ]);
  });

  it('does not end the process for a value that no observer may give', async () => {
    const scope = { f: (() => 1) as unknown as Value };
    expect(await judge.evaluate({ sources: ['true', 'false'], scope }, signal)).toMatchObject([
      { kind: 'broken' },
      { kind: 'broken' },
    ]);
  });

  it('rejects on abort at once, and goes on with others', async () => {
    const controller = new AbortController();
    const aborted = judge.evaluate(
      { sources: [endless], scope: { big: numbers(100_000) } },
      controller.signal,
    );
    setTimeout(() => controller.abort(new Error('enough')), 50);
    const begun = performance.now();
    await expect(aborted).rejects.toThrow('enough');
    expect(performance.now() - begun).toBeLessThan(2_000);
    await expect(judge.evaluate({ sources: ['true'], scope: {} }, controller.signal)).rejects.toThrow(
      'enough',
    );
    expect(await judge.evaluate({ sources: ['true'], scope: {} }, signal)).toHaveLength(1);
  });

  it('judges a hundred checks at once on its two threads, each right', async () => {
    const batches = Array.from({ length: 100 }, (_, n) =>
      judge.evaluate({ sources: ['n * 2 == expected'], scope: { n, expected: n * 2 } }, signal),
    );
    expect((await Promise.all(batches)).flat()).toEqual(batches.map(() => ({ kind: 'value', value: true })));
  });

  it('costs a few milliseconds for ten checks once it is warm', async () => {
    const scope = { row: { rows: [{ n: 1 }] } };
    const ten = async () => {
      for (let n = 0; n < 10; n += 1)
        await judge.evaluate({ sources: ['row.rows.size() == 1', 'row.rows[0].n == 1'], scope }, signal);
    };
    await ten();
    const times: number[] = [];
    for (let run = 0; run < 5; run += 1) {
      const begun = performance.now();
      await ten();
      times.push(performance.now() - begun);
    }
    expect(Math.min(...times)).toBeLessThan(25);
  });

  it('refuses work once closed, and what was running', async () => {
    const closing = createJudge();
    const running = closing.evaluate({ sources: [endless], scope: { big: numbers(100_000) } }, signal);
    const outcome = expect(running).rejects.toThrow('closed');
    await closing.close();
    await outcome;
    await expect(closing.evaluate({ sources: ['true'], scope: {} }, signal)).rejects.toThrow('closed');
  });

  it('does not keep the process alive', async () => {
    const thread = new URL('../../../src/grading/judge/thread.ts', import.meta.url).href;
    const program = `import { createJudge } from '${thread}';
      const judge = createJudge();
      const [outcome] = await judge.evaluate({ sources: ['a == 1'], scope: { a: 1 } }, new AbortController().signal);
      console.log(JSON.stringify(outcome));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', program],
      { timeout: 15_000 },
    );
    expect(JSON.parse(stdout)).toEqual({ kind: 'value', value: true });
  });
});
