/** How far a trainee has come in each session. Pure. */
import { type Assessing, assess, assessLab, type Standing } from './assess.ts';
import { weighted } from './percent.ts';
import type { Session } from './types.ts';

export interface AttendanceProgress {
  /** Never more than the session has. */
  readonly hours: number;
  readonly of: number;
  readonly required: boolean;
  readonly met: boolean;
  readonly waived: string | null;
}

export interface AssessmentProgress extends Standing {
  readonly id: string;
  readonly title: string;
  readonly weight: number;
  readonly pass: number;
}

export interface ModuleProgress extends Standing {
  readonly lab: string;
  readonly title: string;
  /** False: planned, there is no template of it yet. */
  readonly available: boolean;
}

export interface SessionProgress {
  readonly id: string;
  readonly title: string;
  readonly attendance: AttendanceProgress;
  readonly modules: readonly ModuleProgress[];
  readonly assessments: readonly AssessmentProgress[];
  /** By weight; what is not there yet counts as nothing. Null: there is nothing yet. */
  readonly percent: number | null;
  /** Each assessment is passed, and attendance where it is required: no sum stands in for one of them. */
  readonly passed: boolean;
  readonly missing: readonly string[];
}

export function sessionProgress(session: Session, scene: Assessing): SessionProgress {
  const { ledger, program } = scene;
  const attendance = attendanceOf(session, scene);
  const assessments = session.assessments.map((one): AssessmentProgress => {
    const item = `${session.id}/${one.id}`;
    const standing = assess(one.source, { item, waiver: `assessment:${item}`, pass: one.pass }, scene);
    return { id: one.id, title: one.title, weight: one.weight, pass: one.pass, ...standing };
  });
  const modules = session.modules.map((lab): ModuleProgress => {
    const known = program.labs.find((one) => one.id === lab);
    const standing = assessLab(lab, session.pass, { ledger, program });
    return { lab, title: known?.title ?? lab, available: known?.available ?? false, ...standing };
  });
  const absent =
    attendance.met || !attendance.required ? [] : [`attended ${attendance.hours} of ${attendance.of} h`];
  const missing = [
    ...absent,
    ...assessments.flatMap((one) => one.missing.map((text) => `${one.title}: ${text}`)),
  ];
  return {
    id: session.id,
    title: session.title,
    attendance,
    modules,
    assessments,
    percent: weighted(assessments),
    passed: absent.length === 0 && assessments.every((one) => one.passed),
    missing,
  };
}

function attendanceOf({ id, hours, attendance }: Session, { ledger }: Assessing): AttendanceProgress {
  const waived = ledger.waiver(`attendance:${id}`)?.comment ?? null;
  const attended = waived === null ? Math.min(hours, ledger.hours(id)) : hours;
  return { hours: attended, of: hours, required: attendance === 'required', met: attended >= hours, waived };
}
