/**
 * Grades one lab: looks at everything side by side, judges each check by itself, and settles what depends on what.
 * Nothing here writes; what it returns is recorded by the caller or thrown away.
 */
import pLimit from 'p-limit';
import type { AnswerValue, Json, TemplateVersion } from '../templates/types.ts';
import { accessScope } from './access-scope.ts';
import { type CheckRun, checkOrder, createCheckRun } from './grade-check.ts';
import { settle } from './judge/settle.ts';
import type { Judge } from './judge/thread.ts';
import type { Looking } from './look-all.ts';
import { shareLooks } from './shared-looks.ts';
import { templateFacts } from './template-facts.ts';
import type {
  AttemptOutcome,
  CheckProgress,
  CheckResult,
  EvidencePiece,
  LabRecords,
  ObserverKind,
  SandboxHandle,
} from './types.ts';
import { createFiller } from './values/fill.ts';
import { secretsOf } from './values/message.ts';

/** Looks at once: enough to hide their waiting, few enough for a lab's connection limits. */
const looksAtOnce = 6;

export interface GradeInput {
  readonly version: TemplateVersion;
  readonly params: Readonly<Record<string, Json>>;
  readonly answers: Readonly<Record<string, AnswerValue>>;
  readonly hintsTaken: Readonly<Record<string, number>>;
  readonly progress: readonly CheckProgress[];
  readonly sandbox: SandboxHandle;
  readonly records: LabRecords;
  readonly observers: ReadonlyMap<string, ObserverKind>;
  readonly judge: Pick<Judge, 'evaluate'>;
  /** Of the installation; null: evidence is stored in plain. */
  readonly evidenceKey: Uint8Array | null;
  /** Called with each check's own verdict as soon as it is known, before `needs` are applied. */
  readonly onCheck?: (result: CheckResult) => void;
}

export interface Graded extends AttemptOutcome {
  readonly maxPoints: number;
  /** Each check by itself, as if all that it needs had passed. */
  readonly judged: readonly CheckResult[];
}

/** Takes at most the template's deadline and what judging takes. Rejects only on abort. */
export async function gradeLab(input: GradeInput, signal: AbortSignal): Promise<Graded> {
  const { version, params, sandbox } = input;
  const { template } = version;
  const deadline = performance.now() + template.grading.deadlineSeconds * 1_000;
  const scope = { params, access: accessScope(version, sandbox) };
  const fill = createFiller(scope, { missing: 'throw' });
  const facts = templateFacts(version);
  const looking: Looking = {
    version,
    observers: input.observers,
    limiter: pLimit(looksAtOnce),
    context: () => ({
      sandbox,
      fill,
      answers: input.answers,
      records: input.records,
      deadlineMs: deadline - performance.now(),
      ...facts,
    }),
  };
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const passed = new Set(input.progress.map(({ checkId }) => checkId));
  const sticky = template.checks.filter((check) => check.sticky && passed.has(check.id));
  const run: CheckRun = createCheckRun({
    looking,
    shared: shareLooks(template.observations, looking, input.evidenceKey, either),
    scope,
    secrets: secretsOf(template.parameters, params),
    evidenceKey: input.evidenceKey,
    held: new Set(sticky.map(({ id }) => id)),
    evaluate: (batch) => input.judge.evaluate(batch, either),
    deadline,
    signal: either,
  });
  try {
    const judged = await Promise.all(
      checkOrder(template.checks).map(async (check) => {
        const one = await run(check);
        input.onCheck?.(one.result);
        return one;
      }),
    );
    const results = judged.map((one) => one.result);
    const settled = settle({
      checks: template.checks,
      tasks: template.tasks,
      judged: Object.fromEntries(results.map((result) => [result.checkId, result])),
      progress: input.progress,
      hintsTaken: input.hintsTaken,
    });
    return { ...settled, judged: results, evidence: once(judged.flatMap((one) => one.evidence)) };
  } finally {
    // When one check rejects, the others are not left running behind.
    stop.abort(new DOMException('grading has ended', 'AbortError'));
  }
}

function once(pieces: readonly EvidencePiece[]): readonly EvidencePiece[] {
  return [...new Map(pieces.map((piece) => [piece.address, piece])).values()];
}
