/**
 * Traces by OpenTelemetry: what is sent where, and how much of it, is set by its standard environment variables, which
 * the SDK reads itself. Loaded only where traces are asked for: the SDK takes longer to load than the rest of a start.
 */
import {
  type Context,
  context,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { startNodeSdk } from '@opentelemetry/sdk-node';
import { asLabError } from '../lab/errors.ts';
import type { Log } from '../lab/log.ts';
import type { Facts } from '../lab/telemetry.ts';
import type { Tracer } from './telemetry.ts';

export interface OpenTracer extends Tracer {
  /** Sends what is still to be sent; gives up after a few seconds. */
  close(): Promise<void>;
}

export function openTracer(
  about: { readonly serviceName: string | null; readonly version: string },
  log: Log,
): OpenTracer {
  const sdk = startNodeSdk({
    logLevel: 'none',
    // Figures are Prometheus' to read, and the log is its own.
    metricReaders: [],
    logRecordProcessors: [],
    resourceAttributes: {
      'service.version': about.version,
      ...(about.serviceName !== null && { 'service.name': about.serviceName }),
    },
  });
  const told = (level: 'warn' | 'debug') => (message: string) => log[level]({}, `tracing: ${message}`);
  const [warn, debug] = [told('warn'), told('debug')];
  diag.setLogger(
    { error: warn, warn, info: debug, debug, verbose: debug },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const tracer = trace.getTracer('labwright', about.version);
  return {
    span(name, facts, work, from) {
      return tracer.startActiveSpan(name, { attributes: attributes(facts) }, parent(from), async (span) => {
        try {
          return await work();
        } catch (thrown) {
          const { code } = asLabError(thrown);
          span.setAttribute('error.type', code);
          // The code alone: a message may quote what somebody typed.
          span.setStatus({ code: SpanStatusCode.ERROR, message: code });
          throw thrown;
        } finally {
          span.end();
        }
      });
    },
    note: (facts) => void trace.getActiveSpan()?.setAttributes(attributes(facts)),
    event: (name, facts) => void trace.getActiveSpan()?.addEvent(name, attributes(facts)),
    here() {
      const span = trace.getActiveSpan()?.spanContext();
      if (span === undefined || !trace.isSpanContextValid(span)) return null;
      return `00-${span.traceId}-${span.spanId}-0${span.traceFlags & TraceFlags.SAMPLED}`;
    },
    close: () => sdk.shutdown(),
  };
}

/** Ours are told from the standard ones, which have a dot. */
function attributes(facts: Facts): Facts {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name.includes('.') ? name : `labwright.${name}`, value]),
  );
}

/** What is asked for nowhere begins a trace of its own, unless it is in a span; so does what names its origin wrongly. */
function parent(from: string | null | undefined): Context {
  if (from === undefined) return context.active();
  const [, traceId, spanId, flags] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(from ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  const spanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return trace.isSpanContextValid(spanContext)
    ? trace.setSpanContext(ROOT_CONTEXT, spanContext)
    : ROOT_CONTEXT;
}
