/** YAML files of a trainee's that a parser takes long for: the grader reads them in the server's own thread. */
import { fileURLToPath } from 'node:url';
import { LookFailure } from '../../../src/grading/look-failure.ts';
import { parseYaml } from '../../../src/observers/parse.ts';
import { type Attack, attack, outcome } from '../attack.ts';
import { threadHangs } from '../expression/world.ts';
import { tooLongMs } from '../waiting.ts';
import type { TemplateWorld } from './world.ts';

const library = JSON.stringify(fileURLToPath(import.meta.resolve('yaml')));

function costly(name: string, defence: string, text: (size: number) => string, size: number) {
  return attack<TemplateWorld>({
    family: 'file',
    name,
    defence,
    off: 'the parser as it comes, in a thread that can be ended',
    async run() {
      const before = process.threadCpuUsage().user;
      let refused = 'read';
      try {
        parseYaml(text(size), 'the file');
      } catch (thrown) {
        if (!(thrown instanceof LookFailure)) return outcome(true, String(thrown));
        refused = thrown.message;
      }
      const cpuMs = (process.threadCpuUsage().user - before) / 1_000;
      return outcome(cpuMs > 4_000, { cpuMs, refused });
    },
    async control() {
      const code = `const { parseDocument } = require(${library});
        parseDocument(${JSON.stringify(text(size))}, { prettyErrors: false }).toJS({ maxAliasCount: 100 });`;
      return outcome(await threadHangs(code, tooLongMs), 'whether it was still parsed');
    },
  });
}

export const costlyYaml: readonly Attack<TemplateWorld>[] = [
  costly(
    'lists as keys of lists as keys',
    'keys are plain words: a list is never written out as one',
    (size) => `${'['.repeat(size)}1${']: 1'.repeat(size)}`,
    175,
  ),
  costly(
    'forty thousand keys in one map',
    'double keys are looked for in a set, not each among all',
    (size) => Array.from({ length: size }, (_, n) => `k${n}:`).join('\n'),
    40_000,
  ),
];
