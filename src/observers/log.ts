/** `log`: the last lines that a component's program printed. It is the program's own word. */
import { z } from 'zod';
import { createLike, patternProblem } from '../grading/expression/like.ts';
import type { LookContext, ObserverKind, Value } from '../grading/types.ts';
import { askCluster } from './cluster.ts';
import { limits } from './limits.ts';
import { look } from './look.ts';
import { housed, pod, podOf } from './pod-place.ts';
import { componentName, list, number, object, string, upTo } from './spec-parts.ts';

const spec = z.strictObject({
  component: componentName,
  pod,
  match: z
    .string()
    .min(1)
    .max(1_000)
    .refine((pattern) => patternProblem(pattern) === null, 'expected a regular expression of RE2')
    .optional()
    .describe('Only lines that match, as `like` does: a regular expression in linear time.'),
  last: z.int().min(1).max(limits.logLines).default(200).describe('So many of the last ones.'),
  timeout: upTo(limits.longestLookMs).default(limits.lookMs),
});

export type LogSpec = z.infer<typeof spec>;

export const logObserver: ObserverKind<LogSpec> = {
  kind: 'log',
  spec,
  resultType: () => object({ lines: list(string), count: number }),
  components: (asked) => [housed(asked, ['sample-api', 'service', 'redis'])],
  observe: (asked, context, signal) =>
    look(context, asked.timeout, signal, (within) => seeLines(asked, context, within)),
};

/** `count`: of all lines that match in what is kept, before the last ones are taken. */
async function seeLines(asked: LogSpec, context: LookContext, signal: AbortSignal): Promise<Value> {
  const text = await printedBy(asked, context, signal);
  const all = text.split(/\r?\n/).filter((line) => line !== '');
  const { match } = asked;
  const like = createLike();
  const lines = match === undefined ? all : all.filter((line) => like(line, match));
  return { lines: lines.slice(-asked.last), count: lines.length };
}

function printedBy(
  { component, pod: asked }: LogSpec,
  context: LookContext,
  signal: AbortSignal,
): Promise<string> {
  const { sandbox, fill } = context;
  if (asked === undefined) return sandbox.readLog(component, limits.logBytes, signal);
  const query = podOf(asked, fill);
  return askCluster(
    sandbox,
    component,
    (all) => all.podLog(component, query, limits.logBytes, signal),
    signal,
  );
}
