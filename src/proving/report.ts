/** From what was done to what is told: defects with their places, and whether the template is proved. Pure. */
import type { Problem } from '../templates/problem.ts';
import type { BackendName, TemplateVersion } from '../templates/types.ts';
import { overBudget, type Took } from './budget.ts';
import { defectsByReading } from './by-reading.ts';
import type { Finding, RunFacts } from './facts.ts';
import { type Elsewhere, parityFindings } from './parity.ts';
import { findPlaces } from './places.ts';
import { findingsOf } from './rules.ts';
import type { Defect, DefectCode, ProofReport, RunReport } from './types.ts';
import { flakesOf, wholeFindings } from './whole.ts';

export interface Proof {
  readonly backend: BackendName;
  /** What reading it found. */
  readonly problems: readonly Problem[];
  readonly runs: readonly { readonly facts: RunFacts; readonly resumed: boolean }[];
  /** Why no lab could be had; null: all that were asked for got ready. */
  readonly noLab: string | null;
  /** What was left when its labs were gone. */
  readonly leaks: readonly string[];
  /** What it took; 0 where that is not known. */
  readonly took: Took;
  /** All runs that the template has were done. */
  readonly isWhole: boolean;
  /** What its runs must agree with; null: nothing. */
  readonly like: Elsewhere | null;
  readonly interrupted: boolean;
  readonly seconds: number;
}

const warnings: ReadonlySet<DefectCode> = new Set(['same-column']);
const severityOf = (code: DefectCode) => (warnings.has(code) ? 'warning' : 'error');

export function reportOf(version: TemplateVersion, proof: Proof): ProofReport {
  const { template } = version;
  const place = findPlaces(version);
  const facts = proof.runs.map((run) => run.facts);
  const byName = new Map(facts.map((run) => [run.name, run]));
  const defect = ({ code, check, message }: Finding, run: RunFacts | null): Defect => ({
    code,
    severity: severityOf(code),
    message,
    run: run?.name ?? null,
    check,
    ...place(code, check, run),
  });
  const runs = proof.runs.map(({ facts: run, resumed }): RunReport => {
    const { name, kind, cells, undone, seconds } = run;
    const found = [
      ...findingsOf(template, run, (other) => byName.get(other)),
      ...(proof.like === null ? [] : parityFindings(proof.backend, run, proof.like)),
    ];
    return {
      name,
      kind,
      cells,
      notes: undone.map(({ id, outcome, reason }) => `${id} ${outcome}: ${reason}`),
      defects: found.map((one) => defect(one, run)),
      seconds,
      resumed,
    };
  });
  const whole: readonly Finding[] = [
    ...(proof.noLab === null ? [] : [{ code: 'lab-fails' as const, check: null, message: proof.noLab }]),
    ...proof.leaks.map((message): Finding => ({ code: 'leaks', check: null, message })),
    ...overBudget(template.test, proof.took),
    ...(proof.isWhole ? wholeFindings(template, facts) : []),
  ];
  const defects = [...defectsByReading(proof.problems), ...whole.map((one) => defect(one, null))];
  const refused = [...defects, ...runs.flatMap((run) => run.defects)].some(
    ({ severity }) => severity === 'error',
  );
  return {
    ...headOf(version, proof.backend),
    runs,
    defects,
    flakes: flakesOf(facts),
    seconds: Math.round(proof.seconds * 10) / 10,
    outcome: refused ? 'refused' : proof.interrupted ? 'partial' : 'proved',
    why: null,
  };
}

/** Of a template that was proved before as it is, and was not run. */
export function keptReport(version: TemplateVersion, backend: BackendName): ProofReport {
  return { ...headOf(version, backend), ...nothingRun, outcome: 'kept' };
}

/** Of a template that names a backend which cannot be had. @param isBorne it is no failure. */
export function absentReport(
  version: TemplateVersion,
  backend: BackendName,
  why: string,
  isBorne: boolean,
): ProofReport {
  return { ...headOf(version, backend), ...nothingRun, outcome: isBorne ? 'skipped' : 'missing', why };
}

/** Of a template that does not load: its problems are its defects. */
export function unloadedReport(id: string, backend: BackendName, problems: readonly Problem[]): ProofReport {
  return {
    ...{ template: id, title: id, hash: '', backend, checks: [] },
    ...nothingRun,
    defects: defectsByReading(problems),
    outcome: 'refused',
  };
}

const nothingRun = { runs: [], defects: [], flakes: {}, seconds: 0, why: null } as const;

function headOf({ template, hash }: TemplateVersion, backend: BackendName) {
  const checks = template.checks.map(({ id, title, points }) => ({ id, title, points }));
  return { template: template.id, title: template.title, hash, backend, checks };
}
