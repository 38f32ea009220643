/** Classes: which version of a template they get, and when work is due. Instructors only. */
import { requireInstructor } from '../guards.ts';
import type { Caller } from '../lab-service.ts';
import type { TemplateStore } from '../ports.ts';
import { unknownTemplate } from '../unknown-template.ts';
import type { ServedTemplates } from './served-templates.ts';
import type { ClassRecord, ClassStore, Due } from './types.ts';
import { unknownClass } from './unknown-class.ts';
import { type FindVersionDeps, findVersion } from './wanted-version.ts';

export interface ClassServiceDeps extends FindVersionDeps {
  readonly classes: ClassStore;
  readonly templates: Pick<ServedTemplates, 'load' | 'list' | 'problems'>;
  readonly templateStore: TemplateStore;
}

export interface ClassWish {
  readonly title: string;
  /** Template → `draft`, `staged`, `released` or the beginning of a hash; which version that is now is kept. */
  readonly pins: Readonly<Record<string, string>>;
  readonly due: Readonly<Record<string, Due>>;
}

export type ClassService = ReturnType<typeof createClassService>;

export function createClassService(deps: ClassServiceDeps) {
  const { classes } = deps;

  /** The hash of the version that is meant, kept so that labs can be made of it. */
  async function pinOf(templateId: string, word: string): Promise<string> {
    await requireTemplate(templateId);
    const version = await findVersion(templateId, word, deps, `pins.${templateId}`);
    if (version === null) throw await unknownTemplate(templateId, deps.drafts, deps.nearest);
    await deps.templateStore.save(version);
    return version.hash;
  }

  async function requireTemplate(templateId: string): Promise<void> {
    if ((await deps.templates.load(templateId)) !== null) return;
    throw await unknownTemplate(templateId, deps.templates, deps.nearest);
  }

  return {
    /** Throws `class_not_found`. */
    async get(caller: Caller, id: string): Promise<ClassRecord> {
      requireInstructor(caller, 'see classes');
      const found = await classes.getClass(id);
      if (found !== null) return found;
      throw await unknownClass(id, classes, deps.nearest);
    },

    async list(caller: Caller): Promise<readonly ClassRecord[]> {
      requireInstructor(caller, 'see classes');
      return classes.listClasses();
    },

    /** Makes a class, or makes it what is given. Throws `template_not_found`, `version_not_found`. */
    async put(caller: Caller, id: string, { title, pins, due }: ClassWish): Promise<ClassRecord> {
      requireInstructor(caller, 'change classes');
      for (const templateId of Object.keys(due)) await requireTemplate(templateId);
      const hashes: [string, string][] = [];
      for (const [templateId, word] of Object.entries(pins)) {
        hashes.push([templateId, await pinOf(templateId, word)]);
      }
      return classes.putClass(id, { title, pins: Object.fromEntries(hashes), due }, caller.subject);
    },

    /** Its labs stay and keep its name. Throws `class_not_found`. */
    async delete(caller: Caller, id: string): Promise<void> {
      requireInstructor(caller, 'change classes');
      if (await classes.deleteClass(id)) return;
      throw await unknownClass(id, classes, deps.nearest);
    },
  };
}
