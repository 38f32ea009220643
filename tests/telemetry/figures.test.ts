import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { LabError } from '../../src/lab/errors.ts';
import type { Telemetry } from '../../src/lab/telemetry.ts';
import { untold } from '../../src/lab/telemetry.ts';
import { createFigures } from '../../src/telemetry/figures.ts';
import { createTelemetry } from '../../src/telemetry/telemetry.ts';

async function told(work: (telemetry: Telemetry) => Promise<unknown>): Promise<string> {
  const registry = new Registry();
  await work(createTelemetry(createFigures(registry), untold)).catch(() => {});
  return registry.metrics();
}

describe('figures of work', () => {
  it('give what the work gives, and throw what it throws', async () => {
    const telemetry = createTelemetry(createFigures(new Registry()), untold);
    expect(await telemetry.span('reconcile', {}, async () => 7)).toBe(7);
    const error = new LabError('backend_busy', 'full');
    await expect(telemetry.span('reconcile', {}, () => Promise.reject(error))).rejects.toBe(error);
  });

  it('count reconciliations by how they ended', async () => {
    const text = await told(async (telemetry) => {
      await telemetry.span('reconcile', {}, async () => telemetry.note({ outcome: 'settled' }));
      await telemetry.span('reconcile', {}, () => Promise.reject(new Error('gone'))).catch(() => {});
    });
    expect(text).toContain('labwright_reconciles_total{outcome="settled"} 1');
    expect(text).toContain('labwright_reconciles_total{outcome="error"} 1');
    expect(text).toContain('labwright_reconcile_duration_seconds_count 2');
  });

  it('keep what is noted in one span from those beside it and within it', async () => {
    const text = await told((telemetry) =>
      Promise.all([
        telemetry.span('grade', {}, async () => {
          telemetry.note({ template: 'first' });
          await telemetry.span('docker exec', { backend: 'docker', call: 'exec' }, async () => {
            telemetry.note({ template: 'inner' });
          });
          telemetry.event('check', { check: 'a', verdict: 'error' });
          telemetry.note({ outcome: 'finished' });
        }),
        telemetry.span('grade', {}, async () => {
          telemetry.note({ template: 'second' });
          await Promise.resolve();
          telemetry.event('check', { check: 'a', verdict: 'pass' });
          telemetry.note({ outcome: 'void' });
        }),
      ]),
    );
    expect(text).toContain('labwright_check_verdicts_total{template="first",verdict="error"} 1');
    expect(text).toContain('labwright_check_verdicts_total{template="second",verdict="pass"} 1');
    expect(text).not.toContain('inner');
    expect(text).toContain('labwright_attempts_total{outcome="finished"} 1');
    expect(text).toContain('labwright_attempts_total{outcome="void"} 1');
    expect(text).toContain('labwright_grading_duration_seconds_count 1');
  });

  it('tell failed calls of a backend by code, and not those that we gave up ourselves', async () => {
    const text = await told(async (telemetry) => {
      const call = (thrown: Error | null) =>
        telemetry
          .span('docker ensure', { backend: 'docker', call: 'ensure' }, async () => {
            if (thrown !== null) throw thrown;
          })
          .catch(() => {});
      await call(null);
      await call(new LabError('backend_unavailable', 'no engine'));
      await call(Object.assign(new Error('stop'), { name: 'AbortError' }));
    });
    expect(text).toContain('labwright_backend_call_duration_seconds_count{backend="docker",call="ensure"} 3');
    expect(text).toContain(
      'labwright_backend_errors_total{backend="docker",call="ensure",code="backend_unavailable"} 1',
    );
    expect(text).not.toContain('code="aborted"');
  });

  it('take the time to ready only of labs that were never ready before', async () => {
    const text = await told(async (telemetry) => {
      telemetry.event('lab.ready', { template: 't', backend: 'process', seconds: 1.5 });
      telemetry.event('lab.ready', { template: 't', backend: 'process' });
    });
    expect(text).toContain('labwright_lab_ready_duration_seconds_count{template="t",backend="process"} 1');
    expect(text).toMatch(/labwright_lab_ready_duration_seconds_bucket\{le="2",.*\} 1/);
  });

  it('add up what was reaped', async () => {
    const text = await told(async (telemetry) => {
      telemetry.event('reaped', { backend: 'docker', sandboxes: 2 });
      telemetry.event('reaped', { backend: 'docker', sandboxes: 1 });
    });
    expect(text).toContain('labwright_leaks_reaped_total{backend="docker"} 3');
  });
});
