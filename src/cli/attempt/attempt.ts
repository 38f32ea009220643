import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { registerAttemptShow } from './show.ts';

/** `labwright attempt …`: what came of one grading, and why. */
export function registerAttempt(parent: Command, cli: Cli): void {
  const attempt = parent.command('attempt').description('Attempts: what came of grading a lab, and why.');
  registerAttemptShow(attempt, cli);
}
