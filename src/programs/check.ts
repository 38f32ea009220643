/** What lies across a program: names that must be known, weights that must add up. Gives the program with all of it looked up. */
import { didYouMean, listWords } from '../templates/suggest.ts';
import { checkCertificate } from './check-certificate.ts';
import { checkCompetencies } from './check-competencies.ts';
import { checkSessions } from './check-sessions.ts';
import { createLabBook } from './lab-book.ts';
import type { Read } from './parse.ts';
import type { AuthoredCompetencies, AuthoredProgram } from './schema.ts';
import type { KnownLab, Program } from './types.ts';

/** Reports what is wrong; what it returns is worth something only if there was no error. */
export function checkProgram(
  { value, report }: Read<AuthoredProgram>,
  competencies: Read<AuthoredCompetencies> | null,
  known: readonly KnownLab[],
): Program {
  const book = createLabBook(value, report, known, namedTags(competencies));
  const sessions = checkSessions(value, report, book);
  const sessionIds = sessions.map((one) => one.id);

  const levels = Object.entries(value.levels).map(([id, level]) => {
    for (const [at, session] of level.sessions.entries()) {
      if (sessionIds.includes(session)) continue;
      const message = `there is no session "${session}"; there are ${listWords(sessionIds)}`;
      report(['levels', id, 'sessions', at], 'unknown_name', message + didYouMean(session, sessionIds));
    }
    return { id, weeks: level.weeks ?? null, sessions: level.sessions };
  });

  const skills = Object.entries(value.skills).map(([id, skill]) => ({
    id,
    title: skill.title,
    picks: skill.checks === undefined ? [] : book.picks(skill.checks, ['skills', id, 'checks'], null),
  }));

  const hours = sessions.reduce((sum, one) => sum + one.hours, 0);
  if (hours !== value.hours) {
    const message = `the sessions have ${hours} hours together, the program says ${value.hours}`;
    report(['hours'], 'style', message, { severity: 'warning' });
  }
  const certificate = checkCertificate(value, report, book, sessions);
  const areas = competencies === null ? [] : checkCompetencies(competencies, book);
  book.finish();
  return {
    id: value.id,
    title: value.title,
    summary: value.summary ?? null,
    hours: value.hours,
    pass: value.pass,
    counts: value.counts,
    reviewBy: value.reviewBy ?? null,
    labs: book.used(),
    sessions,
    levels,
    competencies: areas,
    rubrics: Object.fromEntries(
      Object.entries(value.rubrics ?? {}).map(([id, { criteria }]) => [
        id,
        criteria.map((one) => ({ ...one, full: one.full ?? null, half: one.half ?? null })),
      ]),
    ),
    skills,
    certificate,
  };
}

function namedTags(competencies: Read<AuthoredCompetencies> | null): readonly string[] {
  return (competencies?.value.areas ?? []).flatMap((area) =>
    area.items.map((item) => `${area.id}.${item.id}`),
  );
}
