/** One piece of memory over the cap of a thread, by the judge or by the library alone: `large-join.ts judge|library`. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { createJudge } from '../../../src/grading/judge/thread.ts';

const scope = { items: Array.from({ length: 400 }, () => 'y'), text: 'x'.repeat(1_000_000) };
const source = 'items.join(text).size() == 3';

if (process.argv[2] === 'judge') {
  const judge = createJudge();
  const outcomes = await judge.evaluate({ sources: [source, 'true'], scope }, AbortSignal.timeout(60_000));
  await judge.close();
  if (outcomes[0]?.kind !== 'threw' || outcomes[1]?.kind !== 'value') process.exit(3);
} else {
  // The same limits as the judge's thread has.
  const library = JSON.stringify(fileURLToPath(import.meta.resolve('@marcbachmann/cel-js')));
  const code = `
    const { workerData } = require('node:worker_threads');
    import(${library}).then(({ Environment }) =>
      new Environment({ unlistedVariablesAreDyn: true }).parse(workerData.source)(workerData.scope));`;
  const worker = new Worker(code, {
    eval: true,
    workerData: { source, scope },
    resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32 },
  });
  await new Promise((resolve) => worker.on('exit', resolve).on('error', () => {}));
}
