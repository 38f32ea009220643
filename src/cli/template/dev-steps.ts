/** Runs a template's own steps in the lab of `template dev`, line by line. */
import { findSolution, findStep, findWrong } from '../../authoring/find.ts';
import type { Workbench } from '../../authoring/workbench.ts';
import type { StepSpec } from '../../templates/types.ts';
import type { Terminal } from '../terminal.ts';
import { stepLine } from '../try/play.ts';

/** @param name empty: the first. Whether all was done. */
export async function runSolution(
  terminal: Terminal,
  bench: Workbench,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  return run(terminal, bench, findSolution(bench.template(), name), false, signal);
}

export async function runStep(
  terminal: Terminal,
  bench: Workbench,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
  return run(terminal, bench, [findStep(bench.template(), name)], false, signal);
}

export async function runWrong(
  terminal: Terminal,
  bench: Workbench,
  id: string,
  signal: AbortSignal,
): Promise<boolean> {
  return run(terminal, bench, findWrong(bench.template(), id).steps, true, signal);
}

function run(
  terminal: Terminal,
  bench: Workbench,
  steps: readonly StepSpec[],
  goOn: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  return bench.act(steps, goOn, (step) => terminal.print(stepLine(terminal, step)), signal);
}
