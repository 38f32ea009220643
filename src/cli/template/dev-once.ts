/** `template dev --once`: one check, or all, on a lab of its own; for editors and scripts. */
import type { Workbench } from '../../authoring/workbench.ts';
import type { Cli } from '../cli.ts';
import { exitCodes } from '../exit-codes.ts';
import type { PrivateWorld } from '../private-runtime.ts';
import type { DevOptions } from './dev.ts';
import { checkJson, renderCheck, renderTried } from './dev-render.ts';
import { runSolution, runWrong } from './dev-steps.ts';

/** Exits with 1 unless what was asked about passes. */
export async function tryOnce(
  { terminal }: Cli,
  { progress, hold }: PrivateWorld,
  bench: Workbench,
  word: string,
  options: DevOptions,
): Promise<void> {
  await bench.read();
  await bench.remake(hold.stop);
  progress.done(`Lab ${bench.labId()} is ready`);
  const { solve, wrong } = options;
  if (solve !== undefined) await runSolution(terminal, bench, solve === true ? '' : solve, hold.stop);
  if (wrong !== undefined) await runWrong(terminal, bench, wrong, hold.stop);
  const tried = word === 'all' ? await bench.all(hold.stop) : await bench.check(word, hold.stop);
  progress.clear();
  if (tried.checks.some((one) => one.verdict !== 'pass')) process.exitCode = exitCodes.failed.code;
  const { checks, points, maxPoints, ms } = tried;
  const { problems } = bench.edition();
  terminal.answer({ checks: checks.map(checkJson), points, maxPoints, ms, problems }, () =>
    word === 'all'
      ? renderTried(terminal, tried)
      : checks.map((one) => renderCheck(terminal, one)).join('\n'),
  );
}
