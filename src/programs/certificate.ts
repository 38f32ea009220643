/** The weighted score of a certificate and the gates that no sum can replace. Pure. */
import { type Assessing, assess, assessLab, pickChecks, type Standing } from './assess.ts';
import { mean, reaches, rounded, show, weighted } from './percent.ts';
import type { SessionProgress } from './sessions.ts';
import type { Certificate, Component, Gate } from './types.ts';

export interface ComponentProgress extends Standing {
  readonly id: string;
  readonly weight: number;
}

export interface GateProgress {
  readonly gate: Gate['gate'];
  /** What is asked for, in words. */
  readonly asks: string;
  readonly met: boolean;
  /** What is missing, in words; empty when it is met. */
  readonly missing: readonly string[];
}

export interface Score {
  readonly components: readonly ComponentProgress[];
  readonly percent: number | null;
  readonly gates: readonly GateProgress[];
}

interface Scene extends Assessing {
  readonly certificate: Certificate;
  readonly sessions: readonly SessionProgress[];
}

export function scoreOf(
  certificate: Certificate,
  sessions: readonly SessionProgress[],
  scene: Assessing,
): Score {
  const all = { ...scene, certificate, sessions };
  const components = certificate.components.map((one) => componentProgress(one, all));
  const percent = weighted(components);
  const gates = certificate.requires.map((gate): GateProgress => {
    const { asks, missing } = look(gate, all, components, percent);
    return { gate: gate.gate, asks, met: missing.length === 0, missing };
  });
  return { components, percent, gates };
}

function componentProgress({ id, weight, source }: Component, scene: Scene): ComponentProgress {
  const { certificate, sessions } = scene;
  if (source.from !== 'sessions') {
    const how = { item: id, waiver: `component:${id}`, pass: certificate.pass };
    return { id, weight, ...assess(source, how, scene) };
  }
  const own = sessions.filter((one) => source.sessions.includes(one.id));
  const started = own.some((one) => one.percent !== null);
  const missing = own.filter((one) => !one.passed).map((one) => `session ${one.id} is not passed`);
  return {
    id,
    weight,
    percent: started ? mean(own.map((one) => one.percent ?? 0)) : null,
    passed: missing.length === 0,
    missing,
    waived: null,
  };
}

interface Look {
  readonly asks: string;
  readonly missing: readonly string[];
}

function look(
  gate: Gate,
  scene: Scene,
  components: readonly ComponentProgress[],
  percent: number | null,
): Look {
  const { sessions, ledger, certificate } = scene;
  switch (gate.gate) {
    case 'attendance': {
      const hours = sessions.reduce((sum, one) => sum + one.attendance.hours, 0);
      const short = sessions.filter((one) => !one.attendance.met).map((one) => `session ${one.id}`);
      const where = short.length === 0 ? '' : `: hours are missing of ${short.join(', ')}`;
      return {
        asks: `${gate.hours} h attended`,
        missing: hours >= gate.hours ? [] : [`${hours} of ${gate.hours} h${where}`],
      };
    }
    case 'eachAssessment': {
      const below = sessions.flatMap((session) =>
        session.assessments
          .filter(
            (one) => one.waived === null && !(one.percent !== null && reaches(one.percent, gate.percent)),
          )
          .map(
            (one) =>
              `session ${session.id}, ${one.title}: ${one.percent === null ? 'nothing yet' : show(one.percent)}`,
          ),
      );
      return { asks: `${rounded(gate.percent)} % in each assessment`, missing: below };
    }
    case 'passed': {
      const missing = gate.items.flatMap((id) => {
        const part = components.find((one) => one.id === id) ?? sessions.find((one) => one.id === id);
        const standing = part ?? assessLab(id, certificate.pass, scene);
        return standing.passed ? [] : [`${id}: ${standing.missing.join('; ') || 'not passed'}`];
      });
      return { asks: `passed: ${gate.items.join(', ')}`, missing };
    }
    case 'demonstrated': {
      const missing = gate.skills.flatMap((id) =>
        isDemonstrated(id, scene) ? [] : [`${titleOf(id, scene)} is not demonstrated yet`],
      );
      return { asks: `demonstrated: ${gate.skills.map((id) => titleOf(id, scene)).join(', ')}`, missing };
    }
    case 'attested': {
      const missing = gate.items
        .filter((id) => ledger.attestation(id) === null && ledger.waiver(`attestation:${id}`) === null)
        .map((id) => `${id} is not attested yet`);
      return { asks: `attested: ${gate.items.join(', ')}`, missing };
    }
    case 'score':
      return {
        asks: `${rounded(gate.percent)} % in all`,
        missing: percent !== null && reaches(percent, gate.percent) ? [] : [`${show(percent ?? 0)} so far`],
      };
  }
}

const titleOf = (id: string, { program }: Scene) => program.skills.find((one) => one.id === id)?.title ?? id;

/** Somebody attested or waived it, or all points of the checks that show it were reached. */
function isDemonstrated(id: string, { program, ledger }: Scene): boolean {
  if (ledger.attestation(id) !== null || ledger.waiver(`skill:${id}`) !== null) return true;
  const picks = program.skills.find((one) => one.id === id)?.picks ?? [];
  return (
    picks.length > 0 &&
    picks.every(({ lab, words }) => {
      const result = ledger.lab(lab);
      const checks = result === null ? [] : pickChecks(result, words);
      return checks.length > 0 && checks.every((check) => check.points >= check.maxPoints);
    })
  );
}
