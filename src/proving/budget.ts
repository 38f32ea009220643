import type { TestSpec } from '../templates/types.ts';
import type { Finding } from './facts.ts';

/** What a proof took; 0 where that is not known. */
export interface Took {
  /** Of all of it. */
  readonly seconds: number;
  /** What the processes of one lab held at its start, at most. */
  readonly memoryMb: number;
}

/** Pure. */
export function overBudget(
  { budgetSeconds, budgetMemoryMb = Number.POSITIVE_INFINITY }: TestSpec,
  took: Took,
): readonly Finding[] {
  const found = (message: string): Finding => ({ code: 'over-budget', check: null, message });
  const [seconds, memoryMb] = [Math.round(took.seconds), Math.round(took.memoryMb)];
  return [
    ...(budgetSeconds !== null && seconds > budgetSeconds
      ? [found(`the proof took ${seconds} s, its budget is ${budgetSeconds} s`)]
      : []),
    ...(memoryMb > budgetMemoryMb
      ? [found(`a lab at its start held ${memoryMb} MB, its budget is ${budgetMemoryMb} MB`)]
      : []),
  ];
}
