/** Since when a certificate is held, until when, and what renews it. Pure. */
import { minus, plus, startOf } from './calendar.ts';
import { holding, passes } from './ledger.ts';
import type { TraineeRecord } from './record.ts';
import type { Certificate, Program, Renewal } from './types.ts';

export type Validity =
  | { readonly state: 'not yet' }
  | {
      readonly state: 'valid' | 'renewal due' | 'expired';
      readonly earnedAt: Date;
      /** When it was last renewed; null: never. */
      readonly renewedAt: Date | null;
      /** Null: for ever. */
      readonly until: Date | null;
      /** Since when a renewal is due; null where there is none. */
      readonly dueAt: Date | null;
      /** What the next renewal lacks, in words. */
      readonly missing: readonly string[];
    };

/**
 * A renewal in time adds to what is left; a late one counts from when it was complete. What was done before the last one
 * (or before the certificate was earned) renews nothing.
 */
export function validityOf(
  earnedAt: Date,
  certificate: Certificate,
  program: Program,
  record: TraineeRecord,
  now: Date,
): Exclude<Validity, { state: 'not yet' }> {
  const { valid, renewal } = certificate;
  if (valid === null) {
    return { state: 'valid', earnedAt, renewedAt: null, until: null, dueAt: null, missing: [] };
  }
  let renewedAt: Date | null = null;
  let until = plus(earnedAt, valid);
  let left: Renewing = { at: null, missing: [] };
  if (renewal !== null) {
    const pass = certificate.pass;
    for (;;) {
      left = renewing(renewal, { program, record, pass }, renewedAt ?? earnedAt);
      if (left.at === null || left.at > now) break;
      renewedAt = left.at;
      until = plus(renewedAt > until ? renewedAt : until, valid);
    }
  }
  const dueAt = renewal === null ? null : minus(until, renewal.due);
  const state = now >= until ? 'expired' : dueAt !== null && now >= dueAt ? 'renewal due' : 'valid';
  return { state, earnedAt, renewedAt, until, dueAt, missing: left.missing };
}

interface Renewing {
  /** When all of it was there; null: not yet. Later than what it renews. */
  readonly at: Date | null;
  readonly missing: readonly string[];
}

function renewing(
  renewal: Renewal,
  {
    program,
    record,
    pass,
  }: { readonly program: Program; readonly record: TraineeRecord; readonly pass: number },
  since: Date,
): Renewing {
  const facts = holding(record.facts).filter((fact) => startOf(fact.on) > since);
  const first = (kind: 'attestation' | 'waiver', item: string) =>
    facts.find((fact) => fact.kind === kind && fact.item === item);
  const times: Date[] = [];
  const missing: string[] = [];
  const need = (ways: readonly (Date | undefined)[], lacks: string) => {
    const found = ways.filter((one) => one !== undefined).sort((a, b) => a.getTime() - b.getTime())[0];
    if (found === undefined) missing.push(lacks);
    else times.push(found);
  };
  const dayOfFact = (fact: { readonly on: string } | undefined) =>
    fact === undefined ? undefined : startOf(fact.on);

  if (renewal.lab !== null) {
    const done = passes(record.results, renewal.lab, program.counts, pass).find((one) => one.at > since);
    const known = program.labs.find((one) => one.id === renewal.lab)?.available === true;
    const lacks = known ? `${renewal.lab} is not passed` : `${renewal.lab} is not available yet`;
    need([done?.at, dayOfFact(first('waiver', `lab:${renewal.lab}`))], lacks);
  }
  if (renewal.hours > 0) {
    let hours = 0;
    let enough: Date | undefined;
    for (const fact of facts.filter((one) => one.kind === 'attendance' && one.item === 'renewal')) {
      hours += fact.hours ?? 0;
      if (hours >= renewal.hours) enough ??= startOf(fact.on);
    }
    need([enough, dayOfFact(first('waiver', 'attendance:renewal'))], `${hours} of ${renewal.hours} h`);
  }
  for (const item of renewal.attest) {
    const given = [first('attestation', item), first('waiver', `attestation:${item}`)];
    need(given.map(dayOfFact), `${item} is not attested`);
  }
  const at = missing.length > 0 ? null : times.reduce((latest, one) => (one > latest ? one : latest), since);
  return { at, missing };
}
