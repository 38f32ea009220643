/** What the chart renders, and what it refuses. Needs no cluster. */
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { listSettings, productVersion } from '../../src/config.ts';
import { chart, find, helm, type Manifest, render, requireTools, type Spec, toolsMissing } from './helm.ts';

const trial = ['postgresql.bundled=true', 'redis.bundled=true', 'secret.generate=true'];
const everything = [
  ...['ingress.enabled=true', 'ingress.host=labwright.example.org', 'ingress.tlsSecret=api-tls'],
  ...['ingress.labs.tlsSecret=labs-tls', 'ingress.className=nginx', 'labsUrl=https://labs.example.org'],
  ...['metrics.serviceMonitor.enabled=true', 'exports.claim=exports', 'settings.LABS_GLOBAL=200'],
  ...['imagePullSecrets[0]=registry', 'api.autoscaling.enabled=false', 'api.replicas=4'],
];

requireTools();

describe.skipIf(toolsMissing !== null)('the chart', { timeout: 120_000 }, () => {
  it.each([
    ['default', []],
    ['trial', trial],
    ['everything', everything],
  ])('passes lint and renders its golden file: %s', async (name, values) => {
    await helm('lint', '--strict', chart, ...values.flatMap((one) => ['--set', one]));
    const rendered = (await render(...values)).map((one) =>
      // What is drawn anew each time.
      one.kind === 'Secret' ? { ...one, data: Object.keys(one.data ?? {}) } : one,
    );
    const text = rendered.map((one) => stringify(one, { aliasDuplicateObjects: false })).join('---\n');
    await expect(text).toMatchFileSnapshot(`golden/${name}.yaml`);
  });

  it('is of this version, and runs the images of this version', async () => {
    const all = await render();
    const { data } = find(all, 'ConfigMap', 'labwright');
    expect(data).toMatchObject({
      LABWRIGHT_IMAGE: `labwright:${productVersion()}`,
      WORKSPACE_IMAGE: `labwright-workspace:${productVersion()}`,
    });
  });

  it('sets only what Labwright reads', async () => {
    const known = new Set(listSettings().map(({ env }) => env));
    const all = await render(...everything);
    const names = Object.keys(find(all, 'ConfigMap', 'labwright').data ?? {});
    for (const pod of podsOf(all)) {
      for (const { env = [] } of pod.containers ?? []) names.push(...env.map(({ name }) => name));
    }
    const unknown = names.filter((one) => !known.has(one) && one !== 'SERVER');
    expect(unknown).toEqual([]);
  });

  it('runs nothing as root, with a writable root, or with a token that it does not need', async () => {
    const withToken: string[] = [];
    for (const pod of podsOf(await render(...trial))) {
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 999,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const one of pod.containers ?? []) {
        expect(one.securityContext, one.name).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(one.resources?.limits?.memory, one.name).toBeDefined();
        if (pod.automountServiceAccountToken !== false) withToken.push(one.name);
      }
    }
    expect(withToken.sort()).toEqual(['api', 'worker']);
  });

  it('gives a stop longer than the drain, whatever the drain', async () => {
    const all = await render('worker.drainSeconds=300');
    const pod = find(all, 'Deployment', 'labwright-worker').spec?.template?.spec;
    const drain = pod?.containers?.[0]?.env?.find(({ name }) => name === 'DRAIN_SECONDS');
    expect(drain?.value).toBe('300');
    expect(pod?.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(315);
  });

  it('finds the pods that its Services, budgets and policies mean', async () => {
    const all = await render(...trial);
    const pods = all
      .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet' || kind === 'Job')
      .map(({ metadata, spec }) => ({ name: metadata.name, labels: spec?.template?.metadata.labels ?? {} }));
    const meant = (kind: string, name: string) => {
      const { spec } = find(all, kind, name);
      const selector = spec?.podSelector?.matchLabels ?? spec?.selector?.matchLabels ?? spec?.selector ?? {};
      return pods
        .filter(({ labels }) => Object.entries(selector).every(([key, value]) => labels[key] === value))
        .map(({ name: one }) => one)
        .sort();
    };
    const own = ['labwright-api', 'labwright-migrate', 'labwright-worker'];
    expect(meant('Service', 'labwright')).toEqual(['labwright-api']);
    expect(meant('Service', 'labwright-metrics')).toEqual(own);
    expect(meant('Service', 'labwright-postgresql')).toEqual(['labwright-postgresql']);
    expect(meant('PodDisruptionBudget', 'labwright-worker')).toEqual(['labwright-worker']);
    expect(meant('NetworkPolicy', 'labwright')).toEqual(own);
    expect(meant('NetworkPolicy', 'labwright-redis')).toEqual(['labwright-redis']);
  });

  it('takes the alerts and the dashboard as they are', async () => {
    const all = await render('metrics.prometheusRule.enabled=true', 'metrics.dashboard.enabled=true');
    expect(find(all, 'PrometheusRule', 'labwright').spec?.groups?.[0]?.rules.length).toBeGreaterThan(3);
    const { data } = find(all, 'ConfigMap', 'labwright-dashboard');
    expect(JSON.parse(data?.['labwright.json'] ?? '').panels.length).toBeGreaterThan(3);
  });

  it.each([
    ['worker.replica=2', /worker[\s\S]*additional properties 'replica' not allowed/],
    ['image.pullPolicy=Sometimes', /image\/pullPolicy[\s\S]*'Always', 'IfNotPresent', 'Never'/],
    ['worker.drainSeconds=0', /worker\/drainSeconds[\s\S]*minimum/],
    ['settings.labs_global=5', /settings[\s\S]*labs_global/],
    ['labsUrl=labs.example.org', /labsUrl[\s\S]*does not match pattern/],
    ['settings.DATABASE_URL=postgres://x', /settings\.DATABASE_URL: .*Put it into the Secret labwright/],
    ['settings.PORT=80', /settings\.PORT: this chart sets it itself/],
    ['postgresql.bundled=true', /postgresql\.bundled: .*secret\.generate=true/],
    ['secret.generate=true', /secret\.generate: .*postgresql\.bundled/],
    ['ingress.enabled=true', /ingress\.host: found nothing/],
    ['api.autoscaling.min=9', /api\.autoscaling: found min 9 above max 6/],
  ])('refuses %s and says why', async (value, message) => {
    await expect(render(value)).rejects.toThrow(message);
  });
});

const podsOf = (all: readonly Manifest[]): readonly Spec[] =>
  all.flatMap(({ kind, spec }) => (kind === 'Pod' ? (spec ?? []) : (spec?.template?.spec ?? [])));
