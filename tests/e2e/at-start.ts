import { startFindings } from '../../src/proving/rules.ts';
import type { Template } from '../../src/templates/types.ts';
import type { AttemptWire } from './client.ts';

/** What an attempt at a lab's start must not give, as the proof of its template has it; empty when all is well. */
export function problemsAtStart(template: Template, { results }: AttemptWire) {
  const cells = results.map(({ check, verdict, points, message }) => {
    const seen = verdict ?? 'error';
    return { check, verdict: seen, own: seen, points: points ?? 0, message };
  });
  return startFindings(template, cells);
}
