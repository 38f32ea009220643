/** What a process counts of its own work. Labels are bounded: template ids, backends, codes, never an id of a lab. */
import { Counter, Histogram, type Registry } from 'prom-client';
import type { Facts } from '../lab/telemetry.ts';
import type { Figures } from './telemetry.ts';

const quick = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const slow = [0.25, 0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120, 300, 900];

export function createFigures(registry: Registry): Figures {
  const registers = [registry];
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[]) =>
    new Counter({ name, help, labelNames, registers });
  const histogram = <T extends string>(
    name: string,
    help: string,
    labelNames: readonly T[],
    buckets: number[],
  ) => new Histogram({ name, help, labelNames, buckets, registers });

  const ready = histogram(
    'labwright_lab_ready_duration_seconds',
    'Time from the request of a lab to its being ready, by template and backend',
    ['template', 'backend'],
    slow,
  );
  const labErrors = counter(
    'labwright_lab_errors_total',
    'Failed efforts for labs and spares, each told as lab.error, by code',
    ['code'],
  );
  const reconciles = counter(
    'labwright_reconciles_total',
    'Reconciliations by outcome: settled, failing (an effort failed and is tried again), gone, stopped, unsettled, error',
    ['outcome'],
  );
  const reconcileSeconds = histogram(
    'labwright_reconcile_duration_seconds',
    'Time of a reconciliation until nothing was to be done at once',
    [],
    slow,
  );
  const steps = counter('labwright_reconcile_steps_total', 'Steps of reconciliations by kind', ['step']);
  const calls = histogram(
    'labwright_backend_call_duration_seconds',
    'Time of calls of a backend, failed ones included, by call',
    ['backend', 'call'],
    quick,
  );
  const callErrors = counter(
    'labwright_backend_errors_total',
    'Calls of a backend that failed, by code; those that were aborted by us are left out',
    ['backend', 'call', 'code'],
  );
  const attempts = counter(
    'labwright_attempts_total',
    'Attempts that were worked on, by outcome: finished, void, error (tried again)',
    ['outcome'],
  );
  const gradingSeconds = histogram(
    'labwright_grading_duration_seconds',
    'Time to grade an attempt, of those finished',
    [],
    slow,
  );
  const verdicts = counter(
    'labwright_check_verdicts_total',
    'Verdicts of checks in finished attempts, by template',
    ['template', 'verdict'],
  );
  const reaped = counter(
    'labwright_leaks_reaped_total',
    'Sandboxes that nobody owned and that were destroyed, by backend',
    ['backend'],
  );
  const wakes = counter('labwright_wakes_total', 'Rings of the queue that were served, by kind', ['kind']);

  return {
    ended({ name, facts, seconds, code }) {
      if (name === 'reconcile') {
        reconciles.inc({ outcome: code === null ? word(facts, 'outcome') : 'error' });
        reconcileSeconds.observe(seconds);
      } else if (name === 'grade') {
        const outcome = code === null ? facts.outcome : 'error';
        // One that was not open any more has none.
        if (outcome !== undefined && code !== 'aborted') attempts.inc({ outcome: String(outcome) });
        if (outcome === 'finished') gradingSeconds.observe(seconds);
      } else if (name === 'wake') {
        wakes.inc({ kind: word(facts, 'kind') });
      } else if (facts.call !== undefined) {
        const labels = { backend: word(facts, 'backend'), call: word(facts, 'call') };
        calls.observe(labels, seconds);
        if (code !== null && code !== 'aborted') callErrors.inc({ ...labels, code });
      }
    },
    event(name, facts, around) {
      if (name === 'lab.ready' && facts.seconds !== undefined) {
        const labels = { template: word(facts, 'template'), backend: word(facts, 'backend') };
        ready.observe(labels, Number(facts.seconds));
      } else if (name === 'lab.error') labErrors.inc({ code: word(facts, 'code') });
      else if (name === 'step') steps.inc({ step: word(facts, 'step') });
      else if (name === 'check')
        verdicts.inc({ template: word(around, 'template'), verdict: word(facts, 'verdict') });
      else if (name === 'reaped') reaped.inc({ backend: word(facts, 'backend') }, Number(facts.sandboxes));
    },
  };
}

function word(facts: Facts, name: string): string {
  return String(facts[name] ?? 'unknown');
}
