/** All attempts of one lab judged again, in order: what one passes counts for those after it. */
import type { TemplateStore } from '../../lab/ports.ts';
import type { TemplateVersion } from '../../templates/types.ts';
import type { Evaluate } from '../judge/judge.ts';
import type { CheckResult, EvidencePiece, Value } from '../types.ts';
import { sealEvidence } from '../values/evidence.ts';
import { type AttemptRecord, readRecord } from './attempt-record.ts';
import { changesOf } from './changes.ts';
import { EvidenceLost, type OpenEvidence } from './judge-again.ts';
import { type Looks, looksOf } from './looks.ts';
import { passedBy } from './passed.ts';
import { type Again, regradeAttempt } from './regrade-attempt.ts';
import type {
  CheckChange,
  LabToRegrade,
  RegradedAttempt,
  RegradeStore,
  RegradeSubject,
  RegradeWish,
} from './types.ts';

export interface RegradeLabDeps {
  readonly store: Pick<RegradeStore, 'evidence'>;
  readonly templates: Pick<TemplateStore, 'load'>;
  readonly evaluate: Evaluate;
  readonly openEvidence: (piece: EvidencePiece) => Value;
  readonly evidenceKey: Uint8Array | null;
}

export type LabRegrader = (lab: LabToRegrade) => Promise<readonly RegradedAttempt[]>;

/** Remembers versions and what their looks are between labs. The regrader rejects as `evaluate` and the store do. */
export function createLabRegrader(wish: RegradeWish, deps: RegradeLabDeps): LabRegrader {
  const versions = new Map<string, Looks>();

  async function load(hash: string): Promise<Looks | null> {
    const known = versions.get(hash);
    if (known !== undefined) return known;
    const version = await deps.templates.load(hash);
    if (version === null) return null;
    const looks = looksOf(version);
    versions.set(hash, looks);
    return looks;
  }

  const version = (hash: string): TemplateVersion => {
    const found = versions.get(hash)?.version;
    if (found === undefined) throw new Error(`template version ${hash} was not loaded`);
    return found;
  };

  /** The pieces of one lab: most are read several times. */
  function opener(): OpenEvidence {
    const pieces = new Map<string, Promise<Value>>();
    return (address) => {
      const known = pieces.get(address) ?? openOne(address);
      pieces.set(address, known);
      return known;
    };
  }

  async function openOne(address: string): Promise<Value> {
    const bytes = await deps.store.evidence(address);
    if (bytes === null) throw new EvidenceLost('what was seen is not kept any more');
    try {
      return deps.openEvidence({ address, bytes });
    } catch (cause) {
      throw new EvidenceLost('what was seen cannot be read any more', { cause });
    }
  }

  async function one(
    subject: RegradeSubject,
    now: Looks,
    earlier: readonly Standing[],
    forgotten: readonly Date[],
    open: OpenEvidence,
  ): Promise<Outcome> {
    const { attempt, layer } = subject;
    const hashes = Object.values(layer?.own ?? {}).map((own) => own.version);
    const loaded = await Promise.all([attempt.templateHash, ...hashes].map(load));
    const [then] = loaded;
    if (then == null || loaded.includes(null))
      return unknown('the version that graded it is not kept any more');
    if (attempt.record == null)
      return unknown('it was graded before records were kept of what it was judged on');
    const record = recordIn(await open(attempt.record));
    const progress = passedBy(record.progress, earlier, attempt.requestedAt, forgotten);
    const common = { record, open, evaluate: deps.evaluate };
    const again = await regradeAttempt({
      ...subject,
      ...common,
      progress,
      now,
      then,
      only: wish.checkId,
      version,
    });
    const changes = await changesOf({
      ...common,
      before: layer?.results ?? attempt.results,
      again,
      template: (hash) => version(hash).template,
      versionBefore: (id) => layer?.own[id]?.version ?? attempt.templateHash,
    });
    return { again, changes };
  }

  return async ({ labId, attempts, forgotten }) => {
    const now = await load(wish.to);
    if (now === null) throw new Error(`template version ${wish.to} is not recorded`);
    const earlier: Standing[] = [];
    const open = opener();
    const found: RegradedAttempt[] = [];
    for (const subject of attempts) {
      const { attempt, layer } = subject;
      const standing = { finishedAt: attempt.finishedAt, recorded: attempt.results };
      const counted = layer?.results ?? attempt.results;
      if (wish.from !== null && attempt.templateHash !== wish.from) {
        earlier.push({ ...standing, counted });
        continue;
      }
      const { again, changes, why } = await one(subject, now, earlier, forgotten, open).catch(whyLost);
      const before = { points: layer?.points ?? attempt.points ?? 0, results: counted };
      const counts = wish.finals || !attempt.final;
      earlier.push({ ...standing, counted: again !== null && counts ? again.results : counted });
      found.push({
        attemptId: attempt.id,
        labId,
        number: attempt.number,
        final: attempt.final,
        over: layer?.regrade ?? null,
        changed: changes.length > 0 || (again !== null && again.points !== before.points),
        points: again?.points ?? before.points,
        pointsBefore: before.points,
        maxPoints: again?.maxPoints ?? layer?.maxPoints ?? attempt.maxPoints,
        penalty: again?.penalty ?? layer?.penalty ?? attempt.penalty,
        results: again?.results ?? before.results,
        own: again?.own ?? {},
        kept: again?.kept ?? { '*': [why ?? 'it could not be judged again'] },
        detail: sealEvidence(plain(changes), deps.evidenceKey),
      });
    }
    return found;
  };
}

interface Standing {
  readonly finishedAt: Date | null;
  readonly recorded: readonly CheckResult[];
  readonly counted: readonly CheckResult[];
}

interface Outcome {
  /** Null: nothing of it can be judged again. */
  readonly again: Again | null;
  readonly changes: readonly CheckChange[];
  readonly why?: string;
}

function unknown(why: string): Outcome {
  return { again: null, changes: [], why };
}

/** A `RegradeDetail` as a value. */
function plain(changes: readonly CheckChange[]): Value {
  return {
    changes: changes.map(({ from, to, expectations, ...rest }) => ({
      ...rest,
      from: { ...from },
      to: { ...to },
      expectations: expectations.map((line) => ({ ...line })),
    })),
  };
}

function recordIn(value: Value): AttemptRecord {
  try {
    return readRecord(value);
  } catch (cause) {
    throw new EvidenceLost('its record cannot be read', { cause });
  }
}

/** Rejects with everything but lost evidence, which is known of one attempt and says nothing of the others. */
function whyLost(thrown: unknown): Outcome {
  if (thrown instanceof EvidenceLost) return unknown(thrown.message);
  throw thrown;
}
