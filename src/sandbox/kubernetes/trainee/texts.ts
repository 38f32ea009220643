/**
 * What the cluster takes as text only. A `"{{x}}"` keeps the type of x, so that `replicas` may be drawn; of a variable or
 * a label a number becomes the text that its author meant.
 */
import type { KubernetesObject } from '../../../lab/namespaces.ts';
import type { Json } from '../../../templates/types.ts';

/** Maps from text to text, wherever they are. */
const textMaps = new Set([...['labels', 'annotations', 'matchLabels', 'nodeSelector', 'stringData']]);
/** Only at the top of these kinds: elsewhere `data` may be anything. */
const dataKinds = new Set(['ConfigMap', 'Secret']);

export function withTexts(object: KubernetesObject): KubernetesObject {
  const { kind, data } = object as { readonly kind?: Json; readonly data?: Json };
  const walked = walk(object as Json, '') as KubernetesObject;
  if (!dataKinds.has(String(kind)) || data === undefined) return walked;
  return { ...walked, data: textsOf(data) } as KubernetesObject;
}

function walk(value: Json, key: string): Json {
  if (Array.isArray(value)) {
    return value.map((one) => (key === 'env' ? withText(walk(one, ''), 'value') : walk(one, '')));
  }
  if (value === null || typeof value !== 'object') return value;
  if (textMaps.has(key)) return textsOf(value);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, walk(one, name)]));
}

const withText = (value: Json, name: string): Json =>
  isMap(value) && value[name] !== undefined ? { ...value, [name]: textOf(value[name]) } : value;

const textsOf = (value: Json): Json =>
  isMap(value) ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, textOf(one)])) : value;

const textOf = (value: Json): Json =>
  typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;

const isMap = (value: Json): value is { readonly [key: string]: Json } =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
