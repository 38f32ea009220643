/** How far a trainee has come in a program. Computed whenever somebody asks, never stored. Pure. */
import { assessLab } from './assess.ts';
import { startOf } from './calendar.ts';
import { type Score, scoreOf } from './certificate.ts';
import { holding, type Ledger, ledgerOf } from './ledger.ts';
import { mean } from './percent.ts';
import type { TraineeRecord } from './record.ts';
import { type SessionProgress, sessionProgress } from './sessions.ts';
import type { Certificate, Program } from './types.ts';
import { type Validity, validityOf } from './validity.ts';

export interface AreaProgress {
  readonly id: string;
  readonly title: string;
  readonly percent: number;
  readonly items: readonly {
    readonly id: string;
    readonly title: string;
    /** The mean of its labs; what is not there yet counts as nothing. */
    readonly percent: number;
    /** All labs that show it are passed, and there is one. */
    readonly shown: boolean;
    readonly labs: readonly string[];
  }[];
}

export interface LevelProgress {
  readonly id: string;
  readonly weeks: string | null;
  /** All its sessions are passed, and those of all levels before it. */
  readonly reached: boolean;
  readonly passed: number;
  readonly of: number;
}

export interface TraineeProgress {
  readonly trainee: string;
  readonly sessions: readonly SessionProgress[];
  readonly attendance: { readonly hours: number; readonly of: number };
  readonly levels: readonly LevelProgress[];
  readonly competencies: readonly AreaProgress[];
  readonly certificate: (Score & { readonly title: string; readonly validity: Validity }) | null;
  /** Template → the lab that is open. */
  readonly open: Readonly<Record<string, string>>;
}

/** @param now for what ends and what is due; nothing else depends on it. */
export function progressOf(program: Program, record: TraineeRecord, now: Date): TraineeProgress {
  const ledger = ledgerOf(record, program.counts, null);
  const sessions = program.sessions.map((session) => sessionProgress(session, { program, ledger }));
  const { certificate } = program;
  const score = certificate === null ? null : scoreOf(certificate, sessions, { program, ledger });
  const validity =
    certificate === null || score === null ? null : held(certificate, score, program, record, now);
  return {
    trainee: record.trainee,
    sessions,
    attendance: {
      hours: sessions.reduce((sum, one) => sum + one.attendance.hours, 0),
      of: sessions.reduce((sum, one) => sum + one.attendance.of, 0),
    },
    levels: levelsOf(program, sessions),
    competencies: areasOf(program, ledger),
    certificate:
      certificate === null || score === null || validity === null
        ? null
        : { title: certificate.title, ...score, validity },
    open: record.open,
  };
}

const isMet = (score: Score) => score.gates.every((gate) => gate.met);

function held(
  certificate: Certificate,
  score: Score,
  program: Program,
  record: TraineeRecord,
  now: Date,
): Validity {
  const earnedAt = earned(certificate, isMet(score), program, record);
  return earnedAt === null ? { state: 'not yet' } : validityOf(earnedAt, certificate, program, record, now);
}

/** The first moment at which every gate was met. A worse result later takes nothing away; a correction does. */
function earned(
  certificate: Certificate,
  isMetNow: boolean,
  program: Program,
  record: TraineeRecord,
): Date | null {
  const metAt = (until: Date) => {
    const scene = { program, ledger: ledgerOf(record, program.counts, until) };
    const sessions = program.sessions.map((session) => sessionProgress(session, scene));
    return isMet(scoreOf(certificate, sessions, scene));
  };
  const times = [
    ...new Set([
      ...holding(record.facts).map((fact) => startOf(fact.on).getTime()),
      ...record.results.map((one) => one.at.getTime()),
    ]),
  ]
    .sort((a, b) => a - b)
    .map((time) => new Date(time));
  if (program.counts === 'latest') return times.find(metAt) ?? null;
  if (!isMetNow) return null;
  // Where the best counts, what was met stays met: the first such moment can be searched by halves.
  let [low, high] = [0, times.length - 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const time = times[middle];
    if (time !== undefined && metAt(time)) high = middle;
    else low = middle + 1;
  }
  return times[low] ?? null;
}

function levelsOf(program: Program, sessions: readonly SessionProgress[]): readonly LevelProgress[] {
  let before = true;
  return program.levels.map(({ id, weeks, sessions: ids }) => {
    const passed = sessions.filter((one) => one.passed && ids.includes(one.id)).length;
    before &&= passed === ids.length;
    return { id, weeks, reached: before, passed, of: ids.length };
  });
}

function areasOf(program: Program, ledger: Ledger): readonly AreaProgress[] {
  return program.competencies.map((area) => {
    const items = area.items.map((item) => {
      const labs = item.labs.map((lab) => assessLab(lab, program.pass, { program, ledger }));
      const percent = mean(labs.map((lab) => lab.percent ?? 0));
      return { ...item, percent, shown: labs.length > 0 && labs.every((lab) => lab.passed) };
    });
    return { id: area.id, title: area.title, percent: mean(items.map((item) => item.percent)), items };
  });
}
