/** The thread in which expressions are run: it can be ended at any moment, because it holds nothing but a cache. */
import { type MessagePort, parentPort } from 'node:worker_threads';
import { createCompiler, type RunnableExpression } from '../expression/compile.ts';
import type { Outcome } from '../expression/outcome.ts';
import { type PreparedScope, prepareScope } from '../expression/prepared-scope.ts';
import type { Scope } from '../types.ts';
import type { FromThread, ToThread } from './messages.ts';

/** A template has some dozens of expressions. */
const KEPT_EXPRESSIONS = 1_000;

if (parentPort !== null) serve(parentPort);

function serve(port: MessagePort): void {
  const compiler = createCompiler();
  const kept = new Map<string, RunnableExpression>();

  function expression(source: string): RunnableExpression {
    let compiled = kept.get(source);
    if (compiled === undefined) {
      compiled = compiler.prepare(source);
      if (kept.size >= KEPT_EXPRESSIONS) kept.clear();
      kept.set(source, compiled);
    }
    return compiled;
  }

  function judge(source: string, scope: PreparedScope): Outcome {
    try {
      return expression(source).evaluate(scope);
    } catch (error) {
      return {
        kind: 'broken',
        internal: `does not compile: ${error instanceof Error ? error.message : error}`,
      };
    }
  }

  function send(outcome: Outcome | null): void {
    const { user, system } = process.threadCpuUsage();
    const message: FromThread = { outcome, cpuMicros: user + system };
    port.postMessage(message);
  }

  port.on('message', ({ sources, scope }: ToThread) => {
    const judged = prepare(scope);
    for (const source of sources) send(judged.ok ? judge(source, judged.scope) : judged.outcome);
  });
  send(null);
}

type Prepared =
  | { readonly ok: true; readonly scope: PreparedScope }
  | { readonly ok: false; readonly outcome: Outcome };

function prepare(scope: Scope): Prepared {
  try {
    return { ok: true, scope: prepareScope(scope) };
  } catch (error) {
    const message = 'what was seen is nested too deeply';
    return { ok: false, outcome: { kind: 'threw', message, internal: String(error) } };
  }
}
