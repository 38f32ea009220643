/** Data that makes an honest expression cost more than there is. */
import { createJudge } from '../../../src/grading/judge/thread.ts';
import type { Scope, Value } from '../../../src/grading/types.ts';
import { type Attack, attack, outcome } from '../attack.ts';
import { hangs, tooLongMs } from '../waiting.ts';
import { endOfProcess, type JudgeWorld, type Tried, threadHangs, tryOn } from './world.ts';

const numbers = (count: number): Value => Array.from({ length: count }, (_, n) => n);

/** Won: it got a value out of what it should not pay for, was called our fault, or broke what comes after it. */
const won = ({ outcome: one, next }: Tried): boolean =>
  (one.kind === 'value' && one.value) || one.kind === 'broken' || !next;

function endless(name: string, source: string, scope: Scope): Attack<JudgeWorld> {
  return attack<JudgeWorld>({
    family: 'expression',
    name,
    defence: 'an expression has half a second of processor time, and its thread is ended then',
    off: 'a judge with an hour for each expression',
    async run({ judge }) {
      const tried = await tryOn(judge, source, scope);
      return outcome(won(tried), tried);
    },
    async control() {
      const patient = createJudge({ expressionMs: 3_600_000 });
      const evaluate = (signal: AbortSignal) => patient.evaluate({ sources: [source], scope }, signal);
      const hung = await hangs(evaluate);
      await patient.close();
      return outcome(hung, 'whether it was still being judged');
    },
  });
}

const text = `${'a'.repeat(40)}!`;

export const costly: readonly Attack<JudgeWorld>[] = [
  endless('two loops over a hundred thousand rows', 'rows.exists(x, rows.exists(y, x + y < 0))', {
    rows: numbers(100_000),
  }),
  endless('a list of lists, each unlike all others', 'rows.distinct().size() == 0', {
    rows: Array.from({ length: 60_000 }, (_, n) => [n, [n]]),
  }),
  attack<JudgeWorld>({
    family: 'expression',
    name: 'a list that grows until memory is full',
    defence: 'the memory of the judge is capped, and its thread is ended when it is full',
    off: 'a judge with memory of 2 GiB',
    async run() {
      const judge = createJudge({ expressionMs: 60_000, memoryMb: 64 });
      const tried = await tryOn(judge, 'rows.map(x, rows.map(y, y + 0.5)).size() > 0', {
        rows: numbers(3_000),
      });
      await judge.close();
      return outcome(won(tried), tried);
    },
    async control() {
      const judge = createJudge({ expressionMs: 60_000, memoryMb: 2_048 });
      const tried = await tryOn(judge, 'rows.map(x, rows.map(y, y + 0.5)).size() > 0', {
        rows: numbers(3_000),
      });
      await judge.close();
      return outcome(tried.outcome.kind === 'value', tried);
    },
  }),
  attack<JudgeWorld>({
    family: 'expression',
    name: 'one piece of memory that is larger than the cap',
    defence: 'what join, split and + make is bounded: the cap alone would end the process, not the thread',
    off: 'the library’s own join under the same cap',
    async run() {
      const end = await endOfProcess('judge');
      return outcome(end !== null, end ?? 'it lived');
    },
    async control() {
      const end = await endOfProcess('library');
      return outcome(end !== null, end ?? 'it lived');
    },
  }),
  attack<JudgeWorld>({
    family: 'expression',
    name: 'a text that doubles with each step',
    defence: 'what + makes is bounded',
    off: 'the same steps without a bound',
    async run({ judge }) {
      const steps = Array.from({ length: 12 }, () => '.map(t, t + t)').join('');
      const tried = await tryOn(judge, `[seen]${steps}[0].size() > 100000000`, {
        seen: 'x'.repeat(1_000_000),
      });
      return outcome(won(tried), tried);
    },
    async control() {
      let doubled = 'x'.repeat(1_000_000);
      for (let step = 0; step < 8; step += 1) doubled += doubled;
      return outcome(doubled.length > 100_000_000, doubled.length);
    },
  }),
  attack<JudgeWorld>({
    family: 'expression',
    name: 'text that an ambiguous pattern takes exponential time for',
    defence: 'like is RE2, which takes linear time',
    off: 'the regular expressions of the language',
    async run({ judge }) {
      const tried = await tryOn(judge, 'like(seen, "^(a+)+$")', { seen: 'a'.repeat(50_000).concat('!') });
      return outcome(won(tried) || tried.outcome.kind !== 'value', tried);
    },
    control: async () =>
      outcome(
        await threadHangs(`/^(a+)+$/.test(${JSON.stringify(text)})`, tooLongMs),
        'whether it still matched',
      ),
  }),
];
