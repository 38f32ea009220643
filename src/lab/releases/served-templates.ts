/** Templates as people get them: as released, or as the folder has them while nothing of one was ever released. */
import type { TemplateProblems, TemplateSource, TemplateVersion } from '../../templates/types.ts';
import { asLabError, LabError } from '../errors.ts';
import type { TemplateStore } from '../ports.ts';
import type { ClassStore, ReleaseStore } from './types.ts';
import { unknownClass } from './unknown-class.ts';

/** `list` and `load` give what somebody without a class gets. */
export interface ServedTemplates extends TemplateSource {
  /** What somebody of this class gets; null where there is no such template. Throws `class_not_found`. */
  loadFor(id: string, classId: string | null): Promise<TemplateVersion | null>;
  /** Hashes of all that anybody gets. */
  hashes(): Promise<ReadonlySet<string>>;
}

export interface ServedDeps {
  /** The folder. */
  readonly drafts: TemplateSource;
  readonly releases: Pick<ReleaseStore, 'choice' | 'released' | 'pinned'> & Pick<ClassStore, 'listClasses'>;
  readonly templateStore: Pick<TemplateStore, 'load'>;
  /** The nearest known word, or null. */
  readonly nearest: (word: string, known: readonly string[]) => string | null;
}

export function servedTemplates({ drafts, releases, templateStore, nearest }: ServedDeps): ServedTemplates {
  /** Throws `template_invalid` when the language no longer reads it. */
  async function kept(hash: string): Promise<TemplateVersion> {
    const version = await templateStore.load(hash);
    if (version === null) throw new LabError('internal', `template version ${hash} is not recorded`);
    return version;
  }

  async function loadFor(id: string, classId: string | null): Promise<TemplateVersion | null> {
    const { pinned, released, classKnown } = await releases.choice(id, classId);
    if (classId !== null && !classKnown) throw await unknownClass(classId, releases, nearest);
    const hash = pinned ?? released;
    return hash === null ? drafts.load(id) : kept(hash);
  }

  /** Released versions, and why one of them cannot be had: one that is broken must not hide the others. */
  async function released(): Promise<ReadonlyMap<string, TemplateVersion | TemplateProblems>> {
    const found = (await releases.released()).map(async ({ templateId, hash }) => {
      const version = await kept(hash).catch((thrown): TemplateProblems => {
        const { code, message } = asLabError(thrown);
        if (code !== 'template_invalid') throw thrown;
        const problem = {
          file: 'lab.yaml',
          line: 1,
          column: 1,
          severity: 'error',
          code: 'unsupported',
        } as const;
        return { id: templateId, problems: [{ ...problem, message: `released ${hash}: ${message}` }] };
      });
      return [templateId, version] as const;
    });
    return new Map(await Promise.all(found));
  }

  async function list(): Promise<readonly TemplateVersion[]> {
    const [newest, over] = await Promise.all([drafts.list(), released()]);
    const others = newest.filter(({ template }) => !over.has(template.id));
    const versions = [...over.values()].filter((one): one is TemplateVersion => 'hash' in one);
    return [...others, ...versions].sort((a, b) => (a.template.id < b.template.id ? -1 : 1));
  }

  return {
    list,
    load: (id) => loadFor(id, null),
    loadFor,
    async problems() {
      const [broken, over] = await Promise.all([drafts.problems(), released()]);
      const others = broken.filter(({ id }) => !over.has(id));
      return [...others, ...[...over.values()].filter((one): one is TemplateProblems => 'problems' in one)];
    },
    async hashes() {
      const [versions, pinned] = await Promise.all([list(), releases.pinned()]);
      return new Set([...versions.map(({ hash }) => hash), ...pinned]);
    },
  };
}
