/** Files that a container begins with, and its variables, as Secrets: nothing of them is in the pod itself. Pure. */
import type { V1ObjectMeta, V1Secret, V1Volume } from '@kubernetes/client-node';
import type { ContainerSpec } from '../../containers/types.ts';

/** A Secret may hold a mebibyte, and everything of the API a little more, in which it is a third larger. */
const pieceBytes = 700_000;

export interface PodFiles {
  readonly secrets: readonly V1Secret[];
  /** All of them as one folder; null: there are none. */
  readonly volume: V1Volume | null;
}

export const filesVolume = 'files';
export const envSecret = (pod: string) => `${pod}-env`;

/** The variables' Secret; null: there are none. */
export function envOf(pod: string, { env }: ContainerSpec, meta: V1ObjectMeta): V1Secret | null {
  if (Object.keys(env).length === 0) return null;
  return secret(
    envSecret(pod),
    meta,
    new Map(Object.entries(env).map(([key, text]) => [key, Buffer.from(text)])),
  );
}

/** In the order of the list: `mode pieces path`, and a key for each piece. */
export function filesOf(pod: string, { files }: ContainerSpec, meta: V1ObjectMeta): PodFiles {
  const all = [...(files ?? [])];
  if (all.length === 0) return { secrets: [], volume: null };
  const pieces: [string, Uint8Array][] = [];
  const lines = all.map(([path, { content, mode }], file) => {
    const count = Math.ceil(content.byteLength / pieceBytes);
    for (let piece = 0; piece < count; piece++) {
      pieces.push([`${file}-${piece}`, content.subarray(piece * pieceBytes, (piece + 1) * pieceBytes)]);
    }
    return `${mode.toString(8)} ${count} ${path}\n`;
  });
  const secrets = packed([['list', Buffer.from(lines.join(''))], ...pieces]).map((data, index) =>
    secret(`${pod}-files-${index}`, meta, data),
  );
  const sources = secrets.map(({ metadata }) => ({ secret: { name: metadata?.name ?? '' } }));
  return { secrets, volume: { name: filesVolume, projected: { sources, defaultMode: 0o444 } } };
}

/** As few Secrets as hold them, in order. */
function packed(pieces: readonly (readonly [string, Uint8Array])[]): Map<string, Uint8Array>[] {
  let last = new Map<string, Uint8Array>();
  let bytes = 0;
  const all = [last];
  for (const [key, content] of pieces) {
    if (bytes > 0 && bytes + content.byteLength > pieceBytes) {
      last = new Map();
      bytes = 0;
      all.push(last);
    }
    last.set(key, content);
    bytes += content.byteLength;
  }
  return all;
}

function secret(name: string, meta: V1ObjectMeta, data: ReadonlyMap<string, Uint8Array>): V1Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...meta, name },
    type: 'Opaque',
    data: Object.fromEntries([...data].map(([key, bytes]) => [key, Buffer.from(bytes).toString('base64')])),
  };
}
