/** Data that would be an expression, a template or a command of a terminal, if it were ever read as one. */
import { Environment } from '@marcbachmann/cel-js';
import { createCompiler } from '../../../src/grading/expression/compile.ts';
import { prepareScope } from '../../../src/grading/expression/prepared-scope.ts';
import { record } from '../../../src/grading/record.ts';
import type { Value } from '../../../src/grading/types.ts';
import { createFiller } from '../../../src/grading/values/fill.ts';
import { type Attack, attack, outcome } from '../attack.ts';
import { type JudgeWorld, judgeSeen } from './world.ts';

const secret = 'hush-hush-12345';
const params = { key: secret };
const clears = '\u001b[2J\u001b]0;owned\u0007\r{"level":50,"msg":"forged"}\n';
const deepSource = `${'('.repeat(5_000)}true${')'.repeat(5_000)}`;

function nested(depth: number): Value {
  let value: Value = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}

export const injected: readonly Attack<JudgeWorld>[] = [
  attack<JudgeWorld>({
    family: 'expression',
    name: 'an answer that closes the quotes around it',
    defence: 'an expression is compiled before any data is there, and data is only ever a value in it',
    off: 'the answer spliced into the text of the expression',
    async run({ judge }) {
      const judged = await judgeSeen(judge, 'seen == "the work is done"', 'No.', '" == "" || "a" == "a');
      return outcome(judged.verdict !== 'fail', judged);
    },
    async control() {
      const compiled = createCompiler().prepare(
        '"SEEN" == "the work is done"'.replace('SEEN', '" == "" || "a" == "a'),
      );
      return outcome(JSON.stringify(compiled.evaluate(prepareScope({}))).includes('true'), compiled.source);
    },
  }),
  attack<JudgeWorld>({
    family: 'expression',
    name: 'an answer that is a placeholder for a secret',
    defence: 'what is filled in is never looked at again',
    off: 'a message that is filled until nothing is left to fill',
    async run({ judge }) {
      // Not among the texts that are taken out: that is another defence.
      const judged = await judgeSeen(judge, 'seen == "x"', 'You wrote {{seen}}.', '{{params.key}}', {
        params,
      });
      return outcome(judged.message?.includes(secret) === true || judged.verdict !== 'fail', judged);
    },
    async control() {
      const { text } = createFiller({ seen: '{{params.key}}', params }, { missing: 'dash' });
      const message = text(text('You wrote {{seen}}.'));
      return outcome(message.includes(secret), message);
    },
  }),
  attack<JudgeWorld>({
    family: 'expression',
    name: 'a secret that comes back in what the trainee’s program printed',
    defence: 'drawn secrets are taken out of every message',
    off: 'a judgement that knows of no secrets',
    async run({ judge }) {
      const said = 'It printed {{seen}}.';
      const judged = await judgeSeen(judge, 'seen == "x"', said, `key=${secret}`, { params }, [secret]);
      return outcome(judged.message?.includes(secret) === true, judged);
    },
    async control({ judge }) {
      const judged = await judgeSeen(judge, 'seen == "x"', 'It printed {{seen}}.', `key=${secret}`, {
        params,
      });
      return outcome(judged.message?.includes(secret) === true, judged);
    },
  }),
  attack<JudgeWorld>({
    family: 'expression',
    name: 'commands for the terminal of whoever reads the message',
    defence: 'messages have no control characters',
    off: 'the message as it was filled',
    async run({ judge }) {
      const judged = await judgeSeen(judge, 'bool(seen)', 'It says {{seen}}.', clears);
      return outcome(/[^\P{Cc}\n]/u.test(`${judged.message}${judged.internal}`), judged);
    },
    async control() {
      const message = createFiller({ seen: clears }, { missing: 'dash' }).text('It says {{seen}}.');
      return outcome(message.includes('\u001b'), message);
    },
  }),
  attack<JudgeWorld>({
    family: 'expression',
    name: 'an exception that holds a megabyte of the trainee’s text',
    defence: 'messages are shortened before they are recorded',
    off: 'what the library throws',
    async run({ judge }) {
      const judged = await judgeSeen(judge, 'bool(seen)', 'No: {{seen}}.', 'x'.repeat(1_000_000));
      const length = JSON.stringify(judged).length;
      return outcome(judged.verdict !== 'fail' || length > 5_000, { verdict: judged.verdict, length });
    },
    async control() {
      const program = new Environment({ unlistedVariablesAreDyn: true }).parse('bool(seen)');
      try {
        program({ seen: 'x'.repeat(1_000_000) });
        return outcome(false, 'it did not throw');
      } catch (thrown) {
        return outcome(String(thrown).length > 1_000_000, String(thrown).length);
      }
    },
  }),
  attack<JudgeWorld>({
    family: 'expression',
    name: 'a value that is nested deeper than the stack',
    defence: 'a value of more than 64 levels is not recorded, and fails with that reason',
    off: 'the value handed to the judge as it was seen',
    async run() {
      const seen = { outcome: 'seen', value: nested(20_000), at: new Date(), durationMs: 1 } as const;
      const { observation } = record(seen, null);
      const held = observation.outcome === 'unseen' && observation.problem === 'unsupported';
      return outcome(!held, observation.outcome);
    },
    async control() {
      try {
        prepareScope({ seen: nested(20_000) });
        return outcome(false, 'it was prepared');
      } catch (thrown) {
        return outcome(thrown instanceof RangeError, String(thrown));
      }
    },
  }),
  attack<JudgeWorld>({
    family: 'expression',
    name: 'an expression that is nested deeper than the stack',
    defence: 'the parser counts the depth and the length of what it reads',
    off: 'the same parser without limits',
    async run() {
      const compiled = createCompiler().compile(deepSource, {});
      return outcome(compiled.ok, compiled);
    },
    async control() {
      const unlimited = { maxAstNodes: 1e9, maxDepth: 1e9, maxListElements: 1e9, maxMapEntries: 1e9 };
      try {
        new Environment({ limits: { ...unlimited, maxCallArguments: 1e9 } }).parse(deepSource);
        return outcome(false, 'it was parsed');
      } catch (thrown) {
        return outcome(thrown instanceof RangeError, String(thrown));
      }
    },
  }),
];
