/** What the alerts and the dashboard ask for is there, and the alerts fire when they should. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { openTelemetry } from '../../src/compose/telemetry.ts';
import { projectRoot } from '../../src/config.ts';
import { measureFacts, measureParts, measureRequests } from '../../src/http/metrics.ts';
import { dockerMissing, requireDocker } from '../support/docker.ts';

const files = join(projectRoot, 'helm', 'labwright', 'files');
const alertsFile = join(files, 'alerts.yaml');
const image = 'prom/prometheus:v2.53.3';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity?: string };
  readonly annotations: { readonly summary?: string; readonly description?: string };
}

const alerts = (parse(readFileSync(alertsFile, 'utf8')) as { groups: { rules: Alert[] }[] }).groups.flatMap(
  ({ rules }) => rules,
);

const dashboard = JSON.parse(readFileSync(join(files, 'dashboard.json'), 'utf8')) as {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
};
const panels = dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));

/** Metric → its labels, as every process registers them. */
async function registered(): Promise<ReadonlyMap<string, readonly string[]>> {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const { registry } = await openTelemetry(null, log as never, { add() {}, close: async () => {} });
  measureParts(registry, async () => ({ ready: true, parts: {} }));
  measureFacts({
    registry,
    facts: { read: async () => ({ labs: [], phaseAges: {}, overdueSeconds: 0 }) },
    queue: { depth: async () => ({ waiting: 0, active: 0, oldestSeconds: 0 }) },
  });
  measureRequests({ addHook() {} } as never, registry);
  return namesOf(registry);
}

function namesOf(registry: Registry): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, readonly string[]>();
  for (const metric of registry.getMetricsAsArray()) {
    const { name, type, labelNames } = metric as unknown as {
      name: string;
      type: string;
      labelNames: string[];
    };
    if (type === 'histogram') {
      names.set(`${name}_bucket`, [...labelNames, 'le']);
      names.set(`${name}_count`, labelNames);
      names.set(`${name}_sum`, labelNames);
    } else names.set(name, labelNames);
  }
  return names;
}

const wordsOf = (expr: string) => expr.match(/\b(?:labwright|process|nodejs)_\w+/g) ?? [];

/** Labels that an expression asks of a metric, or sorts by. */
function labelsOf(expr: string): readonly string[] {
  const selected = [...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, inner = '']) =>
    [...inner.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  );
  const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/,\s*/));
  return [...selected, ...grouped];
}

describe.each([
  ['alert', alerts.map(({ alert, expr }) => ({ title: alert, expr }))],
  ['panel', panels],
])('what every %s asks for', (_, asked) => {
  it('is registered, with those labels', async () => {
    const names = await registered();
    expect(asked.length).toBeGreaterThan(10);
    for (const { title, expr } of asked) {
      const words = wordsOf(expr);
      expect(words, title).not.toEqual([]);
      for (const word of words) expect([...names.keys()], title).toContain(word);
      const known = new Set(words.flatMap((word) => names.get(word) ?? []));
      for (const label of labelsOf(expr)) expect([...known], `${title}: ${label}`).toContain(label);
    }
  });
});

it('lists every metric of ours where people look for it', async () => {
  const text = readFileSync(join(projectRoot, 'ARCHITECTURE.md'), 'utf8');
  const names = [...(await registered()).keys()].filter((name) => name.startsWith('labwright_'));
  const missing = names.filter((name) => !text.includes(`\`${name.replace(/_(bucket|count|sum)$/, '')}\``));
  expect(missing).toEqual([]);
});

describe('the alerts', () => {
  it('say what is wrong and what to do', () => {
    for (const { alert, labels, annotations } of alerts) {
      expect(['warning', 'critical'], alert).toContain(labels.severity);
      expect(annotations.summary, alert).toMatch(/\w/);
      expect((annotations.description ?? '').length, alert).toBeGreaterThan(60);
    }
  });

  it('are each tried below', () => {
    const tests = readFileSync(join(import.meta.dirname, 'alerts.promtool.yaml'), 'utf8');
    for (const { alert } of alerts) expect(tests).toContain(`alertname="${alert}"`);
  });
});

requireDocker();
describe.skipIf(dockerMissing !== null)('promtool', () => {
  /** The engine may be on another machine: files are copied, not mounted. */
  function promtool(change: (folder: string) => void = () => {}): string {
    const folder = mkdtempSync(join(tmpdir(), 'labwright-alerts-'));
    const name = `labwright-promtool-${randomBytes(6).toString('hex')}`;
    const docker = (...args: string[]) => execFileSync('docker', args, { encoding: 'utf8', stdio: 'pipe' });
    try {
      cpSync(alertsFile, join(folder, 'alerts.yaml'));
      cpSync(join(import.meta.dirname, 'alerts.promtool.yaml'), join(folder, 'test.yaml'));
      change(folder);
      const command = ['--entrypoint', 'promtool', '-w', '/rules', image, 'test', 'rules', 'test.yaml'];
      docker('create', '--name', name, '--network', 'none', ...command);
      docker('cp', `${folder}/.`, `${name}:/rules`);
      return docker('start', '-a', name);
    } finally {
      docker('rm', '-f', name);
      rmSync(folder, { recursive: true, force: true });
    }
  }

  it('sees each alert fire when it should, and only then', { timeout: 120_000 }, () => {
    expect(promtool()).toContain('SUCCESS');
  });

  it('would see an alert that does not', { timeout: 120_000 }, () => {
    const breaking = (folder: string) => {
      execFileSync('sed', [
        '-i',
        's/(labwright_part_up) == 0/(labwright_part_up) == 2/',
        join(folder, 'alerts.yaml'),
      ]);
    };
    expect(() => promtool(breaking)).toThrow(/FAILED|LabwrightPartDown/);
  });
});
