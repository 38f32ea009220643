/** Hands what work tells of itself to those who listen: the figures always, a tracer where one is asked for. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { asLabError } from '../lab/errors.ts';
import type { Facts, Telemetry } from '../lab/telemetry.ts';

export interface Ended {
  readonly name: string;
  /** Those it began with and those that were noted. */
  readonly facts: Facts;
  readonly seconds: number;
  /** Code of the LabError that it threw; null when it did not throw. */
  readonly code: string | null;
}

export interface Figures {
  ended(span: Ended): void;
  /** @param around facts of the span that it happened in */
  event(name: string, facts: Facts, around: Facts): void;
}

export type Tracer = Telemetry;

export function createTelemetry(figures: Figures, tracer: Tracer): Telemetry {
  const spans = new AsyncLocalStorage<{ facts: Facts }>();
  return {
    span(name, facts, work, from) {
      const span = { facts };
      const started = performance.now();
      const end = (code: string | null) =>
        figures.ended({ name, facts: span.facts, seconds: (performance.now() - started) / 1000, code });
      const measured = async () => {
        let result: Awaited<ReturnType<typeof work>>;
        try {
          result = await spans.run(span, work);
        } catch (thrown) {
          end(asLabError(thrown).code);
          throw thrown;
        }
        end(null);
        return result;
      };
      return tracer.span(name, facts, measured, from);
    },
    note(facts) {
      const span = spans.getStore();
      if (span !== undefined) span.facts = { ...span.facts, ...facts };
      tracer.note(facts);
    },
    event(name, facts) {
      figures.event(name, facts, spans.getStore()?.facts ?? {});
      tracer.event(name, facts);
    },
    here: () => tracer.here(),
  };
}
