/** The certificate: components with weights, gates, and how it is renewed. */
import type { Path } from '../templates/problem.ts';
import { didYouMean, listWords } from '../templates/suggest.ts';
import { checkWeights, sourceOf } from './check-sessions.ts';
import type { LabBook } from './lab-book.ts';
import type { Report } from './parse.ts';
import type { AuthoredProgram } from './schema.ts';
import type { Certificate, Component, Gate, Session } from './types.ts';

type Authored = NonNullable<AuthoredProgram['certificate']>;

export function checkCertificate(
  program: AuthoredProgram,
  report: Report,
  book: LabBook,
  sessions: readonly Session[],
): Certificate | null {
  const written = program.certificate;
  if (written === undefined) return null;
  const path: Path = ['certificate'];
  const entries = Object.entries(written.components);
  checkWeights(
    entries.map(([, one]) => one.weight),
    report,
    [...path, 'components'],
  );
  const components = entries.map(([id, one]): Component => {
    const here = [...path, 'components', id];
    const { weight } = one;
    if (one.of === undefined) {
      const labs = one.lab === undefined ? {} : { labs: [one.lab] };
      return {
        id,
        weight,
        source: sourceOf({ ...one, ...labs, of: undefined }, here, program, report, book, []),
      };
    }
    const others = ['lab', 'quiz', 'rubric'].filter((key) => one[key as 'lab'] !== undefined);
    if (others.length > 0) {
      report(
        here,
        'wrong_value',
        `expected exactly one of of, lab, quiz, rubric; found of and ${others.join(' and ')}`,
      );
    }
    return {
      id,
      weight,
      source: { from: 'sessions', sessions: rangeOf(one.of, sessions, [...here, 'of'], report) },
    };
  });

  const renewal = written.renewal;
  if (renewal !== undefined) {
    const here = [...path, 'renewal'];
    if (renewal.lab !== undefined) book.use(renewal.lab, [...here, 'lab']);
    if (written.valid === undefined) {
      report(here, 'wrong_value', 'a certificate without "valid" never ends: there is nothing to renew', {
        what: 'key',
      });
    }
    if (renewal.lab === undefined && renewal.hours === 0 && renewal.attest.length === 0) {
      report(here, 'wrong_value', 'a renewal asks for at least one of lab, hours, attest');
    }
  }
  return {
    title: written.title ?? program.title,
    pass: written.pass ?? program.pass,
    components,
    requires: written.requires.flatMap((one, at) =>
      gateOf(one, [...path, 'requires', at], { program, report, book, sessions, components }),
    ),
    valid: written.valid ?? null,
    renewal: renewal === undefined ? null : { ...renewal, lab: renewal.lab ?? null },
  };
}

interface Scene {
  readonly program: AuthoredProgram;
  readonly report: Report;
  readonly book: LabBook;
  readonly sessions: readonly Session[];
  readonly components: readonly Component[];
}

const gates = ['attendance', 'eachAssessment', 'passed', 'demonstrated', 'attested', 'score'] as const;

function gateOf(one: Authored['requires'][number], path: Path, scene: Scene): readonly Gate[] {
  const { program, report, book, sessions, components } = scene;
  const present = gates.filter((kind) => one[kind] !== undefined);
  if (present.length !== 1) {
    const found = present.length === 0 ? 'none' : present.join(' and ');
    report(path, 'wrong_value', `expected exactly one of ${gates.join(', ')}; found ${found}`);
  }
  if (one.attendance !== undefined) {
    const most = sessions.reduce((sum, session) => sum + session.hours, 0);
    if (one.attendance > most) {
      report(
        [...path, 'attendance'],
        'wrong_value',
        `${one.attendance} h are asked for, the sessions have ${most} h`,
      );
    }
    return [{ gate: 'attendance', hours: one.attendance }];
  }
  if (one.eachAssessment !== undefined) return [{ gate: 'eachAssessment', percent: one.eachAssessment }];
  if (one.passed !== undefined) {
    const own = [...components, ...sessions].map((each) => each.id);
    for (const [at, id] of one.passed.entries()) {
      if (own.includes(id)) continue;
      if (book.isKnown(id)) book.use(id, [...path, 'passed', at]);
      else {
        const near = didYouMean(id, [...own, ...book.ids]);
        const end =
          near || `; allowed: labs, the components ${listWords(components.map((each) => each.id))}, sessions`;
        report([...path, 'passed', at], 'unknown_name', `"${id}" is no lab, component or session${end}`);
      }
    }
    return [{ gate: 'passed', items: one.passed }];
  }
  if (one.demonstrated !== undefined) {
    const declared = Object.keys(program.skills);
    for (const [at, id] of one.demonstrated.entries()) {
      if (declared.length === 0 || declared.includes(id)) continue;
      const end = didYouMean(id, declared) || `; there are ${listWords(declared)}`;
      report([...path, 'demonstrated', at], 'unknown_name', `there is no skill "${id}" in "skills"${end}`);
    }
    return [{ gate: 'demonstrated', skills: one.demonstrated }];
  }
  if (one.attested !== undefined) return [{ gate: 'attested', items: one.attested }];
  return one.score === undefined ? [] : [{ gate: 'score', percent: one.score }];
}

/** The sessions of `sessions 1-7`, `session 8` or `sessions 1, 3`. */
function rangeOf(text: string, sessions: readonly Session[], path: Path, report: Report): readonly string[] {
  const ids = sessions.map((one) => one.id);
  return text
    .replace(/^sessions? /, '')
    .split(/, ?/)
    .flatMap((part) => {
      if (ids.includes(part)) return [part];
      // Ids may hold "-" themselves: any of them may be the one between two sessions.
      for (const [at, letter] of [...part].entries()) {
        const [from, to] = [ids.indexOf(part.slice(0, at)), ids.indexOf(part.slice(at + 1))];
        if (letter === '-' && from >= 0 && to >= from) return ids.slice(from, to + 1);
      }
      const end = didYouMean(part, ids) || `; there are ${listWords(ids)}`;
      report(path, 'unknown_name', `"${part}" is no session and no range of sessions${end}`);
      return [];
    });
}
