/** A trainee's record as of a moment: which facts hold and which attempts count. Pure. */
import { startOf } from './calendar.ts';
import { reaches, share } from './percent.ts';
import type { Fact, LabResult, TraineeRecord } from './record.ts';
import type { Counting } from './types.ts';

export interface Ledger {
  /** What counts of a lab by the program's rule; null while nothing does. */
  lab(id: string): LabResult | null;
  /** Hours that were attended, over all days. */
  hours(item: string): number;
  /** Percent, by the same rule as labs: the best, or the newest. */
  score(kind: 'quiz' | 'mark', item: string): number | null;
  attestation(item: string): Fact | null;
  waiver(item: string): Fact | null;
  /** Facts that hold, in order of their days. */
  readonly facts: readonly Fact[];
}

/** Of several facts about the same kind, item and day the newest holds, unless it takes back what it was about. */
export function holding(facts: readonly Fact[]): readonly Fact[] {
  const newest = new Map(facts.map((fact) => [JSON.stringify([fact.kind, fact.item, fact.on]), fact]));
  return [...newest.values()]
    .filter((fact) => !fact.withdrawn)
    .sort((a, b) => (a.on < b.on ? -1 : a.on > b.on ? 1 : Number(a.id) - Number(b.id)));
}

/**
 * @param record its facts in the order in which they were recorded.
 * @param until what came later is left out; null: nothing is.
 */
export function ledgerOf(
  record: Pick<TraineeRecord, 'facts' | 'results'>,
  counts: Counting,
  until: Date | null,
): Ledger {
  const all = holding(record.facts);
  const facts = until === null ? all : all.filter((fact) => startOf(fact.on) <= until);
  const about = (kind: Fact['kind'], item: string) =>
    facts.filter((fact) => fact.kind === kind && fact.item === item);
  const labs = new Map<string, LabResult>();
  for (const result of record.results) {
    if (until !== null && result.at > until) continue;
    if (counts !== 'best' && !result.final) continue;
    const before = labs.get(result.lab);
    if (before === undefined || replaces(result, before, counts)) labs.set(result.lab, result);
  }
  return {
    facts,
    lab: (id) => labs.get(id) ?? null,
    // Parts of hours must not fall short by what a sum of doubles loses.
    hours: (item) =>
      Math.round(about('attendance', item).reduce((sum, fact) => sum + (fact.hours ?? 0), 0) * 100) / 100,
    score(kind, item) {
      const percents = about(kind, item).map((fact) => fact.percent ?? 0);
      if (percents.length === 0) return null;
      return counts === 'latest' ? (percents.at(-1) ?? null) : Math.max(...percents);
    },
    attestation: (item) => about('attestation', item).at(-1) ?? null,
    waiver: (item) => about('waiver', item).at(-1) ?? null,
  };
}

/** The newer one, or the better one. */
function replaces(one: LabResult, before: LabResult, counts: Counting): boolean {
  if (counts === 'latest') return one.at > before.at;
  return share(one.points, one.maxPoints) > share(before.points, before.maxPoints);
}

/** Attempts that may renew: in order of time, good enough, and counted by the program's rule. */
export function passes(
  results: readonly LabResult[],
  lab: string,
  counts: Counting,
  pass: number,
): readonly LabResult[] {
  return results
    .filter((one) => one.lab === lab && (counts === 'best' || one.final))
    .filter((one) => reaches(share(one.points, one.maxPoints), pass))
    .sort((a, b) => a.at.getTime() - b.at.getTime());
}
