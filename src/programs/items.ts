/** What facts of a program may be about. Pure. */

import type { FactKind } from './record.ts';
import type { Program } from './types.ts';

/** Every item that a fact of this kind may name. */
export function itemsOf(program: Program, kind: FactKind): readonly string[] {
  const { sessions, certificate } = program;
  const renewal = certificate?.renewal ?? null;
  const assessments = sessions.flatMap((session) =>
    session.assessments.map((one) => ({ id: `${session.id}/${one.id}`, source: one.source })),
  );
  const components = (certificate?.components ?? []).flatMap(({ id, source }) =>
    source.from === 'sessions' ? [] : [{ id, source }],
  );
  const attended = [
    ...sessions.map((one) => one.id),
    ...(renewal === null || renewal.hours === 0 ? [] : ['renewal']),
  ];
  const gates = certificate?.requires ?? [];
  const skills = [
    ...program.skills.map((one) => one.id),
    ...gates.flatMap((gate) => (gate.gate === 'demonstrated' ? gate.skills : [])),
  ];
  const attested = [
    ...gates.flatMap((gate) => (gate.gate === 'attested' ? gate.items : [])),
    ...(renewal?.attest ?? []),
  ];
  switch (kind) {
    case 'attendance':
      return attended;
    case 'quiz':
      return unique(
        [...assessments, ...components].flatMap(({ source }) =>
          source.from === 'quiz' ? [source.quiz] : [],
        ),
      );
    case 'mark':
      return [...assessments, ...components]
        .filter(({ source }) => source.from === 'rubric')
        .map(({ id }) => id);
    case 'attestation':
      return unique([...skills, ...attested]);
    case 'waiver':
      return unique([
        ...attended.map((id) => `attendance:${id}`),
        ...assessments.map(({ id }) => `assessment:${id}`),
        ...components.map(({ id }) => `component:${id}`),
        ...program.labs.map(({ id }) => `lab:${id}`),
        ...skills.map((id) => `skill:${id}`),
        ...attested.map((id) => `attestation:${id}`),
      ]);
  }
}

/** The name of the rubric that a mark of this item follows; null where it follows none. */
export function rubricOf(program: Program, item: string): string | null {
  for (const { id, source } of program.certificate?.components ?? []) {
    if (id === item && source.from === 'rubric') return source.rubric;
  }
  for (const session of program.sessions) {
    for (const { id, source } of session.assessments) {
      if (`${session.id}/${id}` === item && source.from === 'rubric') return source.rubric;
    }
  }
  return null;
}

const unique = (all: readonly string[]) => [...new Set(all)];
