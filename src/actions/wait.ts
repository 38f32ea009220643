/** `wait`: for a time, or until an expression holds over fresh looks. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { ActContext, ActionKind, ActionOutcome, ObserverKind } from '../grading/types.ts';
import { limits } from '../observers/limits.ts';
import { bool, number, object, upTo } from '../observers/spec-parts.ts';
import { looks } from '../templates/schema-looks.ts';
import { act } from './act.ts';

const duration = upTo(600_000);

const specOver = (observers: ReadonlyMap<string, ObserverKind>) =>
  z
    .strictObject({
      for: z
        .union([duration, z.strictObject({ from: duration, to: duration })])
        .refine((asked) => typeof asked === 'number' || asked.from <= asked.to, 'expected from before to')
        .optional()
        .describe('So long, or so long as is drawn between two bounds: what a trainee cannot foresee.'),
      until: z
        .string()
        .min(1)
        .optional()
        .describe('An expression over what `observe` names, and over events.'),
      observe: looks(observers).optional(),
      within: upTo(600_000).default(30_000),
      orGoOn: z.boolean().default(false).describe('True: a wait that ends without it is a success too.'),
    })
    .refine((wait) => (wait.for === undefined) !== (wait.until === undefined), 'expected either for or until')
    .refine((wait) => wait.until !== undefined || wait.observe === undefined, 'observe goes with until');

export type WaitSpec = z.infer<ReturnType<typeof specOver>>;

/** @param observers the kinds that `observe` may name. */
export function waitAction(observers: ReadonlyMap<string, ObserverKind>): ActionKind<WaitSpec> {
  const looked = (asked: WaitSpec) =>
    Object.values(asked.observe ?? {}).flatMap(({ kind: word, spec }) => {
      const kind = observers.get(word);
      return kind === undefined ? [] : [{ kind, spec }];
    });
  return {
    kind: 'wait',
    spec: specOver(observers),
    resultType: () => object({ held: bool, waitedMs: number }),
    components: (asked) => looked(asked).flatMap((look) => look.kind.components(look.spec)),
    questions: (asked) => looked(asked).flatMap((look) => look.kind.questions?.(look.spec) ?? []),
    files: (asked) => looked(asked).flatMap((look) => look.kind.files?.(look.spec) ?? []),
    watches: (asked) => looked(asked).flatMap((look) => look.kind.watches?.(look.spec) ?? []),
    faults: (asked) => looked(asked).flatMap((look) => look.kind.faults?.(look.spec) ?? []),
    run: (asked, context, signal) => {
      const most = longest(asked, context);
      return act({ deadlineMs: Number.POSITIVE_INFINITY }, most + limits.lookMs, signal, (within) =>
        wait(asked, most, context, within),
      );
    },
  };
}

/** A time is waited for whole, if the step has as much; what may never hold only for as long as the run allows. */
function longest({ for: time, within }: WaitSpec, context: ActContext): number {
  if (time === undefined) return Math.min(within, context.waitLimitMs);
  const all = typeof time === 'number' ? time : Math.round(context.drawn(time.from, time.to));
  return Math.max(0, Math.min(all, context.deadlineMs));
}

async function wait(
  asked: WaitSpec,
  most: number,
  context: ActContext,
  signal: AbortSignal,
): Promise<ActionOutcome> {
  const start = performance.now();
  const past = () => Math.round(performance.now() - start);
  if (asked.until === undefined) {
    await sleep(most, undefined, { signal });
    return { ok: true, value: { held: true, waitedMs: past() } };
  }
  for (let pause = 100; ; pause = Math.min(pause * 1.5, 1_000)) {
    const held = await context.holds(asked.until, asked.observe ?? {}, signal);
    if (held) return { ok: true, value: { held, waitedMs: past() } };
    const left = most - past();
    if (left <= 0) break;
    await sleep(Math.min(pause, left), undefined, { signal });
  }
  const value = { held: false, waitedMs: past() };
  return asked.orGoOn
    ? { ok: true, value }
    : { ok: false, reason: `It did not hold within ${most / 1000} s.`, value };
}
