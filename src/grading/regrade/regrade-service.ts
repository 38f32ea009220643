/** Regrades for people: ask for one, see what it would change, let it count, take it back. */
import pLimit from 'p-limit';
import { LabError } from '../../lab/errors.ts';
import type { Caller } from '../../lab/lab-service.ts';
import type { TemplateStore } from '../../lab/ports.ts';
import type { TemplateVersion } from '../../templates/types.ts';
import type { Judge } from '../judge/thread.ts';
import type { EvidencePiece, Value } from '../types.ts';
import { createLabRegrader } from './regrade-lab.ts';
import type { AppliedOutcome, Regrade, RegradeDetail, RegradedAttempt, RegradeStore } from './types.ts';

export interface RegradeServiceDeps {
  readonly regrades: RegradeStore;
  readonly templateStore: TemplateStore;
  /**
   * The version that a word stands for (`draft`, `released`, the beginning of a hash …). Null for a draft that is not
   * there; throws `version_not_found`.
   */
  readonly findVersion: (templateId: string, word: string) => Promise<TemplateVersion | null>;
  /** Throws what is said of a template that nobody knows. */
  readonly unknownTemplate: (templateId: string) => Promise<LabError>;
  readonly judge: Pick<Judge, 'evaluate'>;
  readonly ids: { regrade(): string };
  readonly openEvidence: (piece: EvidencePiece) => Value;
  readonly evidenceKey: Uint8Array | null;
}

export interface RegradeRequest {
  readonly template: string;
  readonly from: string | null;
  readonly to: string;
  readonly lab: string | null;
  readonly check: string | null;
  readonly finals: boolean;
}

export interface RegradeItem extends Omit<RegradedAttempt, 'results' | 'own' | 'detail'>, RegradeDetail {}

export type RegradeService = ReturnType<typeof createRegradeService>;

const labsAPage = 50;
/** Each is in memory with all its attempts. */
const labsAtOnce = 4;

export function createRegradeService(deps: RegradeServiceDeps) {
  const { regrades } = deps;

  async function versionOf(templateId: string, word: string): Promise<TemplateVersion> {
    const version = await deps.findVersion(templateId, word);
    if (version === null) throw await deps.unknownTemplate(templateId);
    await deps.templateStore.save(version);
    return version;
  }

  async function known(caller: Caller, id: string): Promise<Regrade> {
    requireInstructor(caller);
    const found = await regrades.get(id);
    if (found === null) throw notFound(id);
    return found;
  }

  return {
    /**
     * Judges every attempt again that the request names and says what would change; nothing counts yet. Takes about as
     * long as judging takes, and stops with `signal`. Throws `template_not_found`, `version_not_found`,
     * `check_not_found`, `forbidden`.
     */
    async regrade(caller: Caller, request: RegradeRequest, signal: AbortSignal): Promise<Regrade> {
      requireInstructor(caller);
      const to = await versionOf(request.template, request.to);
      const from = request.from === null ? null : await versionOf(request.template, request.from);
      const checks = to.template.checks.map(({ id }) => id);
      if (request.check !== null && !checks.includes(request.check)) {
        throw new LabError(
          'check_not_found',
          `check: "${request.check}" is not in that version of "${request.template}". Known: ${checks.join(', ')}.`,
          { extra: { known: checks } },
        );
      }
      const wish = {
        templateId: request.template,
        from: from?.hash ?? null,
        to: to.hash,
        labId: request.lab,
        checkId: request.check,
        finals: request.finals,
      };
      const id = deps.ids.regrade();
      await regrades.begin({ ...wish, id, askedBy: caller.subject });
      const regradeLab = createLabRegrader(wish, {
        store: regrades,
        templates: deps.templateStore,
        evaluate: (batch) => deps.judge.evaluate(batch, signal),
        openEvidence: deps.openEvidence,
        evidenceKey: deps.evidenceKey,
      });
      const limit = pLimit(labsAtOnce);
      try {
        for (let after = ''; ; ) {
          const labs = await regrades.labsToRegrade(wish, after, labsAPage);
          await Promise.all(
            labs.map((labId) =>
              limit(async () => {
                signal.throwIfAborted();
                await regrades.put(id, await regradeLab(await regrades.readLab(labId)));
              }),
            ),
          );
          const last = labs.at(-1);
          if (last === undefined || labs.length < labsAPage) break;
          after = last;
        }
        await regrades.end(id, 'ready');
      } catch (thrown) {
        limit.clearQueue();
        await regrades.end(id, 'stopped').catch(() => undefined);
        throw thrown;
      }
      return known(caller, id);
    },

    /** Newest first. Throws `forbidden`. */
    async list(caller: Caller, query: Parameters<RegradeStore['list']>[0]): Promise<readonly Regrade[]> {
      requireInstructor(caller);
      return regrades.list(query);
    },

    /** Throws `regrade_not_found`, `forbidden`. */
    get: known,

    /** Attempts that change, or of which a check could not be judged again; by lab and number. Throws as `get`. */
    async items(
      caller: Caller,
      id: string,
      query: Parameters<RegradeStore['results']>[1],
    ): Promise<readonly RegradeItem[]> {
      await known(caller, id);
      const found = await regrades.results(id, query);
      return found.map(({ results: _results, own: _own, detail, ...item }) => ({
        ...item,
        // Sealed by us, from a `RegradeDetail`.
        ...(deps.openEvidence(detail) as unknown as RegradeDetail),
      }));
    },

    /** Lets it count, for all attempts or none. Throws `conflict` with what has changed since the dry run. */
    async apply(caller: Caller, id: string, reason: string): Promise<Regrade> {
      await known(caller, id);
      return told(id, 'applied', await regrades.apply(id, { by: caller.subject, reason }));
    },

    /** What was before counts again. Throws `conflict` while another regrade counts on top of it. */
    async undo(caller: Caller, id: string, reason: string): Promise<Regrade> {
      await known(caller, id);
      return told(id, 'undone', await regrades.undo(id, { by: caller.subject, reason }));
    },
  };
}

function told(id: string, what: string, outcome: AppliedOutcome): Regrade {
  switch (outcome.outcome) {
    case 'done':
      return outcome.regrade;
    case 'not_found':
      throw notFound(id);
    case 'wrong_state':
      throw new LabError('conflict', `Regrade "${id}" is ${outcome.state}: it cannot be ${what}.`, {
        extra: { state: outcome.state },
      });
    case 'moved':
      throw new LabError(
        'conflict',
        `Regrade "${id}" cannot be ${what}: ${outcome.what.join('; ')}. ` +
          (what === 'applied' ? 'Ask for another one and look at it again.' : 'Undo that first.'),
        { extra: { changed: outcome.what } },
      );
  }
}

function notFound(id: string): LabError {
  return new LabError('regrade_not_found', `There is no regrade "${id}".`);
}

/** Throws `forbidden`. */
function requireInstructor({ role }: Caller): void {
  if (role === 'trainee') throw new LabError('forbidden', 'Only an instructor may judge attempts again.');
}
