/** `kill`: a signal to all processes of a component, and where asked its new start. */
import { z } from 'zod';
import type { ActionKind } from '../grading/types.ts';
import { limits } from '../observers/limits.ts';
import { componentName, number, object, upTo } from '../observers/spec-parts.ts';
import { act } from './act.ts';

const spec = z
  .strictObject({
    component: componentName,
    signal: z.enum(['KILL', 'TERM', 'STOP', 'CONT']).default('KILL'),
    // biome-ignore lint/suspicious/noThenProperty: the word of the language; nobody awaits a spec.
    then: z.literal('restart').optional(),
    timeout: upTo(limits.longestLookMs).default(limits.execMs),
  })
  .refine(
    // Nothing starts beside a program that only stands still.
    ({ signal, then: next }) => next === undefined || signal === 'KILL' || signal === 'TERM',
    'then: restart goes with KILL and TERM',
  );

export type KillSpec = z.infer<typeof spec>;

export const killAction: ActionKind<KillSpec> = {
  kind: 'kill',
  spec,
  resultType: () => object({ durationMs: number }),
  components: ({ component }) => [
    { name: component, kinds: ['sample-api', 'service', 'redis', 'stub', 'traffic'] },
  ],
  run: (asked, { sandbox, ...context }, signal) =>
    act(context, asked.timeout, signal, async (within) => {
      const start = performance.now();
      await sandbox.kill(asked.component, asked.signal, within);
      if (asked.then === 'restart') await sandbox.restart(asked.component, within);
      return { ok: true, value: { durationMs: Math.round(performance.now() - start) } };
    }),
};
