/** The version of a template that a word stands for. */
import type { TemplateSource, TemplateVersion } from '../../templates/types.ts';
import { LabError } from '../errors.ts';
import type { TemplateStore } from '../ports.ts';
import type { ReleaseStore, VersionRecord } from './types.ts';

export interface FindVersionDeps {
  /** The folder. */
  readonly drafts: TemplateSource;
  readonly releases: Pick<ReleaseStore, 'versions' | 'find'>;
  readonly templateStore: Pick<TemplateStore, 'load'>;
  /** The nearest known word, or null. */
  readonly nearest: (word: string, known: readonly string[]) => string | null;
}

const words = ['draft', 'staged', 'released'] as const;
const prefixShape = /^[0-9a-f]{4,64}$/;

/**
 * `draft`, `staged` (the newest one that is), `released`, or the beginning of a hash, of at least four digits. Null for
 * a draft that is not there. `field` is what errors call it. Throws `version_not_found`, `validation_failed` for what may stand for several.
 */
export async function findVersion(
  templateId: string,
  word: string,
  deps: FindVersionDeps,
  field = 'version',
): Promise<TemplateVersion | null> {
  if (word === 'draft') return deps.drafts.load(templateId);
  const hash = await findHash(templateId, word, deps, field);
  const draft = await deps.drafts.load(templateId);
  const version = draft?.hash === hash ? draft : await deps.templateStore.load(hash);
  if (version !== null) return version;
  throw new LabError('internal', `template version ${hash} is not recorded`);
}

async function findHash(
  templateId: string,
  word: string,
  deps: FindVersionDeps,
  field: string,
): Promise<string> {
  if (prefixShape.test(word)) {
    const [kept, draft] = await Promise.all([
      deps.releases.find(templateId, word),
      deps.drafts.load(templateId),
    ]);
    const found = new Set(draft?.hash.startsWith(word) ? [...kept, draft.hash] : kept);
    const [only] = found;
    if (only !== undefined && found.size === 1) return only;
    if (found.size > 1) {
      const which = [...found].map(shortHash).join(', ');
      throw new LabError(
        'validation_failed',
        `${field}: "${word}" begins several versions of "${templateId}": ${which}; write more of it.`,
        { extra: { field, found: word, allowed: [...found] } },
      );
    }
  }
  const versions = await deps.releases.versions(templateId);
  const named = isWord(word) ? versions.find(({ stage }) => stage === word) : undefined;
  if (named !== undefined) return named.hash;
  throw versionNotFound(templateId, word, versions, deps.nearest, field);
}

function isWord(word: string): word is (typeof words)[number] {
  return (words as readonly string[]).includes(word);
}

function versionNotFound(
  templateId: string,
  word: string,
  versions: readonly VersionRecord[],
  nearest: FindVersionDeps['nearest'],
  field: string,
): LabError {
  const present = words.filter((one) => one === 'draft' || versions.some(({ stage }) => stage === one));
  const allowed = [...present, ...versions.map(({ hash }) => shortHash(hash))];
  const near = isWord(word) ? null : nearest(word, allowed);
  const what = isWord(word)
    ? `no version of "${templateId}" is ${word}`
    : `"${templateId}" has no version "${word}"`;
  const hint = near === null ? '' : ` Did you mean "${near}"?`;
  return new LabError('version_not_found', `${field}: ${what}; allowed: ${allowed.join(', ')}.${hint}`, {
    extra: { field, found: word, allowed },
  });
}

/** As much of a hash as people read. */
export function shortHash(hash: string): string {
  return hash.slice(0, 12);
}
