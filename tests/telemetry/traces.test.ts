/** One lab from its request to its grade, as a collector of traces sees it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../src/config.ts';
import { makeDataFolder, removeDataFolder, startServer } from '../cli/labwright.ts';
import { type Client, createClient } from '../e2e/client.ts';
import { type OtlpReceiver, startOtlpReceiver } from './otlp-receiver.ts';

let receiver: OtlpReceiver;
let dataDir: string;
let server: Awaited<ReturnType<typeof startServer>>;
let client: Client;
let lab: string;

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  dataDir = makeDataFolder();
  server = await startServer(dataDir, {
    TEMPLATES_DIR: join(import.meta.dirname, '../e2e/templates'),
    SPARES: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_BSP_SCHEDULE_DELAY: '200',
    METRICS_PORT: '0',
  });
  client = createClient(server.ready.url, server.ready.tokens.instructor);
  lab = (await client.create({ template: 'chores' })).id;
  await client.untilReady(lab, 60_000);
  await client.grade(lab);
}, 120_000);
afterAll(async () => {
  server?.child.kill('SIGTERM');
  await server?.ended;
  receiver?.close();
  removeDataFolder(dataDir);
});

const named = (name: string) => receiver.spans.filter((span) => span.name === name);

describe('the traces of one lab', () => {
  it('join the request to what it set off, across the queue', async () => {
    await expect.poll(() => named('grade').length, { timeout: 20_000 }).toBeGreaterThan(0);
    const [request] = named('POST /api/v1/labs');
    expect(request?.attributes).toMatchObject({
      'http.route': '/api/v1/labs',
      'http.response.status_code': 202,
    });
    expect(request?.service).toBe('labwright');
    const trace = receiver.spans.filter(({ traceId }) => traceId === request?.traceId);
    const wake = trace.find(({ name }) => name === 'wake');
    expect(wake?.parentSpanId).toBe(request?.spanId);
    const reconcile = trace.find(({ name }) => name === 'reconcile');
    expect(reconcile?.parentSpanId).toBe(wake?.spanId);
    expect(reconcile?.attributes).toMatchObject({
      'labwright.lab': lab,
      'labwright.template': 'chores',
      'labwright.backend': 'process',
      'labwright.outcome': 'settled',
    });
    const steps = reconcile?.events.filter(({ name }) => name === 'step') ?? [];
    expect(steps.map(({ attributes }) => attributes['labwright.step'])).toEqual(
      expect.arrayContaining(['claim', 'ensure', 'admit']),
    );
  });

  it('show each effect on the backend within its reconciliation', () => {
    const ensured = receiver.spans.filter(({ name }) => name === 'process ensure');
    expect(ensured.length).toBeGreaterThan(0);
    for (const { attributes, parentSpanId } of ensured) {
      expect(attributes).toMatchObject({ 'labwright.backend': 'process', 'labwright.call': 'ensure' });
      expect(attributes['labwright.component']).toEqual(expect.any(String));
      expect(named('reconcile').map(({ spanId }) => spanId)).toContain(parentSpanId);
    }
  });

  it('show the grading with its checks', () => {
    const [grade] = named('grade');
    expect(grade?.attributes).toMatchObject({ 'labwright.lab': lab, 'labwright.outcome': 'finished' });
    const checks = grade?.events.filter(({ name }) => name === 'check') ?? [];
    expect(checks.length).toBeGreaterThan(0);
    expect(checks[0]?.attributes['labwright.verdict']).toEqual(expect.any(String));
  });

  it('hold no secret', async () => {
    const access = JSON.stringify(await client.call('GET', `/labs/${lab}/access`));
    const secrets = [...access.matchAll(/"(?:password|token|key|secret)":"([^"]{8,})"/gi)].map(
      ([, word]) => word,
    );
    expect(secrets.length).toBeGreaterThan(0);
    for (const secret of [...secrets, server.ready.tokens.instructor])
      expect(receiver.bodies.join()).not.toContain(secret);
  });

  it('do without the figures', async () => {
    const text = await (await fetch(server.ready.metricsUrl ?? '')).text();
    expect(text).toContain(
      'labwright_lab_ready_duration_seconds_count{template="chores",backend="process"} 1',
    );
    expect(text).toMatch(/labwright_check_verdicts_total\{template="chores",verdict="\w+"\} \d/);
    expect(text).toContain('labwright_attempts_total{outcome="finished"} 1');
    expect(text).toMatch(/labwright_reconciles_total\{outcome="settled"\} \d/);
    expect(text).toContain('labwright_part_up{part="backend:process"} 1');
    expect(text).toMatch(/process_cpu_seconds_total \d/);
  });
});

it('are not even loaded where nobody asks for them', async () => {
  const file = JSON.stringify(join(projectRoot, 'src/compose/telemetry.ts'));
  const script = (tracing: string) => `
    import { registerHooks } from 'node:module';
    let loaded = 0;
    registerHooks({ resolve: (word, context, next) => (loaded += word === '@opentelemetry/sdk-node', next(word, context)) });
    const { openTelemetry } = await import(${file});
    await openTelemetry(${tracing}, console, { add() {} });
    console.log(loaded > 0);
    process.exit();`;
  const loads = async (tracing: string) => {
    const args = ['--input-type=module', '-e', script(tracing)];
    return (await promisify(execFile)(process.execPath, args)).stdout.trim();
  };
  expect(await loads('null')).toBe('false');
  expect(await loads('{ serviceName: "labwright" }')).toBe('true');
}, 60_000);
