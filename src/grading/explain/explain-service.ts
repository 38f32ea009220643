/** Explanations of verdicts: for instructors; what was looked at would tell a trainee what to make. */
import { LabError } from '../../lab/errors.ts';
import type { Caller, LabService } from '../../lab/lab-service.ts';
import type { TemplateStore } from '../../lab/ports.ts';
import type { TemplateVersion } from '../../templates/types.ts';
import type { Judge } from '../judge/thread.ts';
import { readRecord } from '../regrade/attempt-record.ts';
import type { RegradeStore } from '../regrade/types.ts';
import type { EvidencePiece, Value } from '../types.ts';
import { type CheckExplanation, explainAttempt } from './explain.ts';

export interface ExplainServiceDeps {
  readonly labs: Pick<LabService, 'getLabWithTemplate'>;
  readonly regrades: Pick<RegradeStore, 'readLab' | 'evidence'>;
  readonly templateStore: Pick<TemplateStore, 'load'>;
  readonly judge: Pick<Judge, 'evaluate'>;
  readonly openEvidence: (piece: EvidencePiece) => Value;
}

export type ExplainService = ReturnType<typeof createExplainService>;

export function createExplainService(deps: ExplainServiceDeps) {
  return {
    /**
     * Null for an attempt of which no record was kept, or that has not finished. Throws `lab_not_found`, `forbidden`.
     */
    async explain(
      caller: Caller,
      labId: string,
      number: number,
      signal: AbortSignal,
    ): Promise<readonly CheckExplanation[] | null> {
      await deps.labs.getLabWithTemplate(caller, labId);
      if (caller.role === 'trainee') {
        throw new LabError('forbidden', 'Only an instructor may see what a check was judged on.');
      }
      const { attempts } = await deps.regrades.readLab(labId);
      const subject = attempts.find(({ attempt }) => attempt.number === number);
      const address = subject?.attempt.record;
      if (subject === undefined || address == null) return null;
      const open = async (piece: string): Promise<Value> => {
        const bytes = await deps.regrades.evidence(piece);
        if (bytes === null) throw new LabError('internal', `there is no evidence at ${piece}`);
        return deps.openEvidence({ address: piece, bytes });
      };
      const hashes = [
        subject.attempt.templateHash,
        ...Object.values(subject.layer?.own ?? {}).map((own) => own.version),
      ];
      const versions = new Map<string, TemplateVersion | null>();
      for (const hash of new Set(hashes)) versions.set(hash, await deps.templateStore.load(hash));
      const then = versions.get(subject.attempt.templateHash) ?? null;
      if (then === null) return null;
      return explainAttempt({
        ...subject,
        record: readRecord(await open(address)),
        then,
        version: (hash) => versions.get(hash) ?? null,
        open,
        evaluate: (batch) => deps.judge.evaluate(batch, signal),
      });
    },
  };
}
