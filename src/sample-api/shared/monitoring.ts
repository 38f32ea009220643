import { Histogram, type Registry } from 'prom-client';

/**
 * Counts and times a function by name and outcome, as `operation_duration_seconds` in /metrics:
 * `performanceMonitor('customer_creation')(create)` is `create`, observed. What it throws is an error, and thrown on.
 */
export type PerformanceMonitor = (
  operation: string,
) => <A extends readonly unknown[], R>(work: (...args: A) => Promise<R>) => (...args: A) => Promise<R>;

export function createPerformanceMonitor(registry: Registry): PerformanceMonitor {
  const durations = new Histogram({
    name: 'operation_duration_seconds',
    help: 'Time that monitored operations took',
    labelNames: ['operation', 'outcome'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  return (operation) =>
    (work) =>
    async (...args) => {
      const stop = durations.startTimer({ operation });
      try {
        const result = await work(...args);
        stop({ outcome: 'success' });
        return result;
      } catch (thrown) {
        stop({ outcome: 'error' });
        throw thrown;
      }
    };
}
