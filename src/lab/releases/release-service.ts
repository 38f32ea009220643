/** What instructors may ask of releases. A version goes draft → staged → released; a bad release is rolled back. */
import type { TemplateSource } from '../../templates/types.ts';
import { LabError } from '../errors.ts';
import { requireInstructor } from '../guards.ts';
import type { Caller } from '../lab-service.ts';
import type { TemplateStore } from '../ports.ts';
import { unknownTemplate } from '../unknown-template.ts';
import type { ReleaseStore, VersionRecord } from './types.ts';
import { findVersion, shortHash } from './wanted-version.ts';

export interface ReleaseServiceDeps {
  /** The folder. */
  readonly drafts: TemplateSource;
  readonly releases: ReleaseStore;
  readonly templateStore: TemplateStore;
  /** The nearest known word, or null. */
  readonly nearest: (word: string, known: readonly string[]) => string | null;
}

export interface VersionView extends VersionRecord {
  /** It is what the folder holds now. */
  readonly inFolder: boolean;
}

export interface Released {
  /** What trainees get now, and what they got before; null: the draft. */
  readonly hash: string;
  readonly before: string | null;
  /** False: it was so already. */
  readonly changed: boolean;
}

export type ReleaseService = ReturnType<typeof createReleaseService>;

export function createReleaseService(deps: ReleaseServiceDeps) {
  const { drafts, releases } = deps;

  async function versionsOf(templateId: string): Promise<readonly VersionView[]> {
    const [draft, kept] = await Promise.all([drafts.load(templateId), releases.versions(templateId)]);
    if (draft === null && kept.length === 0) {
      throw await unknownTemplate(templateId, drafts, deps.nearest);
    }
    const views = kept.map((one) => ({ ...one, inFolder: one.hash === draft?.hash }));
    if (draft === null || views.some(({ inFolder }) => inFolder)) return views;
    const nobody = { since: null, by: null, note: null, labs: 0, classes: [] };
    return [{ hash: draft.hash, stage: 'draft', ...nobody, inFolder: true }, ...views];
  }

  /** Null: none was named. What is named and is not there is an error, never another version. */
  async function named(templateId: string, word: string | undefined, field: string): Promise<string | null> {
    if (word === undefined) return null;
    const version = await findVersion(templateId, word, deps, field);
    if (version === null) throw await unknownTemplate(templateId, drafts, deps.nearest);
    return version.hash;
  }

  return {
    /** What the folder holds, all that were staged, and those that labs live on. Throws `template_not_found`. */
    async versions(caller: Caller, templateId: string): Promise<readonly VersionView[]> {
      requireInstructor(caller, 'see the versions of a template');
      return versionsOf(templateId);
    },

    /**
     * Keeps what the folder holds now, so that instructors can try it and it can be released. Staging what is staged
     * makes it the one that was staged last. Throws `template_not_found`, `template_invalid`.
     */
    async stage(caller: Caller, templateId: string, note: string | null): Promise<VersionView> {
      requireInstructor(caller, 'stage a template');
      const draft = await drafts.load(templateId);
      if (draft === null) throw await unknownTemplate(templateId, drafts, deps.nearest);
      await deps.templateStore.save(draft);
      await releases.stage(templateId, draft.hash, { by: caller.subject, note });
      const staged = (await versionsOf(templateId)).find(({ hash }) => hash === draft.hash);
      if (staged !== undefined) return staged;
      throw new LabError('internal', `version ${draft.hash} is not staged`);
    },

    /**
     * Makes a staged version what trainees get from now on: the one of this name, or the one that was staged last.
     * Throws `nothing_staged`, `version_not_found`, `template_not_found`.
     */
    async release(
      caller: Caller,
      templateId: string,
      { version, note }: { readonly version: string | undefined; readonly note: string | null },
    ): Promise<Released> {
      requireInstructor(caller, 'release a template');
      const known = await versionsOf(templateId);
      const wanted = await named(templateId, version, 'version');
      const act = { by: caller.subject, note };
      const done = await releases.release(templateId, wanted, act);
      switch (done.outcome) {
        case 'released':
          return { hash: done.hash, before: done.before, changed: true };
        case 'known':
          return { hash: done.hash, before: done.hash, changed: false };
        case 'not_staged':
          throw new LabError(
            'nothing_staged',
            `version: ${shortHash(wanted ?? '')} was not staged. Staged: ${listed(known, 'staged')}.`,
            { extra: { field: 'version', found: version, allowed: hashes(known, 'staged') } },
          );
        case 'nothing_staged':
          throw new LabError('nothing_staged', nothingStaged(templateId, known), {
            extra: { template: templateId },
          });
      }
    },

    /**
     * Withdraws what is released, and releases again what was before it. Again goes one further back.
     * Throws `nothing_to_roll_back`, `conflict` when another than `from` is released by now, `template_not_found`.
     */
    async rollBack(
      caller: Caller,
      templateId: string,
      { from, note }: { readonly from: string | undefined; readonly note: string | null },
    ): Promise<Released> {
      requireInstructor(caller, 'roll a template back');
      const known = await versionsOf(templateId);
      const meant = await named(templateId, from, 'from');
      const act = { by: caller.subject, note };
      const done = await releases.rollBack(templateId, meant, act);
      switch (done.outcome) {
        case 'rolled_back':
          return { hash: done.hash, before: done.before, changed: true };
        case 'moved':
          throw new LabError(
            'conflict',
            `from: ${shortHash(meant ?? '')} is not what is released; it is ${shortHash(done.hash)}. Nothing was changed.`,
            { extra: { field: 'from', found: from, released: done.hash } },
          );
        case 'never_released':
          throw new LabError(
            'nothing_to_roll_back',
            `"${templateId}" was never released: trainees get what the folder holds.`,
          );
        case 'no_earlier':
          throw new LabError(
            'nothing_to_roll_back',
            `"${templateId}" has no earlier release than ${listed(known, 'released')}: release another version instead.`,
          );
      }
    },
  };
}

function nothingStaged(templateId: string, known: readonly VersionView[]): string {
  const withdrawn = known.find(({ stage }) => stage === 'withdrawn');
  const again =
    withdrawn === undefined
      ? ''
      : ` ${shortHash(withdrawn.hash)} was rolled back: name it to release it once more.`;
  return `Nothing of "${templateId}" was staged since its last release.${again}`;
}

function hashes(known: readonly VersionView[], stage: VersionView['stage']): readonly string[] {
  return known.filter((one) => one.stage === stage).map(({ hash }) => hash);
}

function listed(known: readonly VersionView[], stage: VersionView['stage']): string {
  return hashes(known, stage).map(shortHash).join(', ') || 'none';
}
