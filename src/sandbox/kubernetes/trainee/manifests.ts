/** Objects of a template's folder, and of actions: which they are, and that they are of the trainee's namespace. */
import { type Document, type ParsedNode, parseAllDocuments } from 'yaml';
import { LabError } from '../../../lab/errors.ts';
import type { KubernetesObject } from '../../../lab/namespaces.ts';
import type { Json, NamespaceComponent } from '../../../templates/types.ts';
import type { Environments } from '../../environment.ts';
import type { Piece } from '../../part.ts';
import { filesBeneath } from '../../template-files.ts';
import type { KindOf } from '../types.ts';
import { isOwn, ownPrefix } from './own-names.ts';
import { withTexts } from './texts.ts';

/** What is needed of an object to place it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations?: Readonly<Record<string, Json>>;
  };
}

const isManifest = /\.(ya?ml|json)$/;

/** In the order of their files, filled. Throws LabError `start_failed` that names the file. */
export async function objectsOf(
  piece: Piece<NamespaceComponent>,
  environments: Pick<Environments, 'fillFile'>,
): Promise<readonly KubernetesObject[]> {
  const files = [...filesBeneath(piece.plan.version.files, piece.spec.objects)];
  const found: KubernetesObject[] = [];
  for (const [name, bytes] of files.sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!isManifest.test(name)) continue;
    for (const content of parsed(`${piece.spec.objects}${name}`, bytes)) {
      const filled = await environments.fillFile(piece, content);
      for (const one of eachOf(filled)) found.push(one as KubernetesObject);
    }
  }
  return found;
}

function parsed(file: string, bytes: Uint8Array): readonly Json[] {
  const documents = parseAllDocuments(new TextDecoder().decode(bytes)) as Document.Parsed<ParsedNode>[];
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new LabError('start_failed', `${file}: ${error.message}`);
    const content = document.toJS() as Json;
    return content === null ? [] : [content];
  });
}

function eachOf(content: Json): readonly Json[] {
  const { kind, items } = content as { readonly kind?: Json; readonly items?: Json };
  return kind === 'List' && Array.isArray(items) ? items : [content];
}

/**
 * The same objects in this namespace. Throws LabError `validation_failed` for what is none, is of another namespace or of
 * the cluster itself, or has a name of ours.
 */
export async function placed(
  objects: readonly KubernetesObject[],
  namespace: string,
  isNamespaced: (kind: KindOf) => Promise<boolean>,
): Promise<readonly Manifest[]> {
  const manifests = objects.map((object) => manifestOf(object, namespace));
  for (const { apiVersion, kind, metadata } of manifests) {
    if (await isNamespaced({ apiVersion, kind })) continue;
    throw refused(`${kind} "${metadata.name}" is of the whole cluster; allowed is what is in a namespace.`);
  }
  return manifests;
}

function manifestOf(object: KubernetesObject, namespace: string): Manifest {
  const { apiVersion, kind, metadata } = object as Partial<Manifest>;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
    throw refused('Found an object without apiVersion or kind; an object of Kubernetes has both.');
  }
  const name: unknown = metadata?.name;
  if (typeof name !== 'string' || name === '') throw refused(`A ${kind} has no metadata.name.`);
  if (isOwn(name)) throw refused(`${kind} "${name}": names that begin with ${ownPrefix} are the lab's own.`);
  const there: unknown = metadata?.namespace;
  if (there !== undefined && there !== namespace) {
    throw refused(`${kind} "${name}" is for the namespace ${there}; leave metadata.namespace out.`);
  }
  const texts = withTexts(object) as Partial<Manifest>;
  return { ...texts, apiVersion, kind, metadata: { ...texts.metadata, name, namespace } };
}

const refused = (text: string) => new LabError('validation_failed', text);
