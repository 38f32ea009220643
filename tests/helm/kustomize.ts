/** `k8s/base` is what the chart renders, without what only helm reads. */
import { stringify } from 'yaml';
import type { Manifest } from './helm.ts';

const ofHelm = ['helm.sh/chart', 'app.kubernetes.io/managed-by'];
/** Tells pods that their ConfigMap has changed, which nobody would keep up to date here. */
const ofPods = ['checksum/settings'];

/** Hooks are left out: without helm replicas migrate when they start, and nobody asks for the test. Pure. */
export function baseOf(rendered: readonly Manifest[]): string {
  const objects = rendered.filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === undefined);
  return objects
    .map((one) => stringify(withoutHelm(one), { lineWidth: 0, aliasDuplicateObjects: false }))
    .join('---\n');
}

function withoutHelm({ metadata, spec, ...rest }: Manifest): object {
  const labels = without(metadata.labels, ofHelm);
  const { apiVersion, kind, ...others } = rest;
  const template = spec?.template;
  if (template === undefined) {
    const same = spec === undefined ? {} : { spec };
    return { apiVersion, kind, metadata: { ...metadata, labels }, ...same, ...others };
  }
  const { annotations, ...meta } = template.metadata;
  const left = without(annotations, ofPods);
  const kept = Object.keys(left).length === 0 ? meta : { ...meta, annotations: left };
  return {
    ...{ apiVersion, kind, metadata: { ...metadata, labels } },
    spec: { ...spec, template: { ...template, metadata: kept } },
    ...others,
  };
}

function without(map: Readonly<Record<string, string>> = {}, names: readonly string[]) {
  return Object.fromEntries(Object.entries(map).filter(([name]) => !names.includes(name)));
}
