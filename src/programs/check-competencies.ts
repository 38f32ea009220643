import { reportTwice } from './check-sessions.ts';
import type { LabBook } from './lab-book.ts';
import type { Read } from './parse.ts';
import type { AuthoredCompetencies } from './schema.ts';
import type { CompetencyArea } from './types.ts';

/** Areas with the labs of this program that show each item: those that the file names, and those that say so themselves. */
export function checkCompetencies(
  { value, report }: Read<AuthoredCompetencies>,
  book: LabBook,
): readonly CompetencyArea[] {
  const own = book.used().map((lab) => lab.id);
  reportTwice(
    value.areas.map((area) => area.id),
    'area',
    report,
    (at) => ['areas', at, 'id'],
  );
  return value.areas.map((area, at) => {
    reportTwice(
      area.items.map((item) => item.id),
      'item',
      report,
      (index) => ['areas', at, 'items', index, 'id'],
    );
    return {
      id: area.id,
      title: area.title,
      items: area.items.map((item, index) => {
        for (const [place, lab] of item.labs.entries()) {
          book.mention(lab, ['areas', at, 'items', index, 'labs', place], report);
        }
        const id = `${area.id}.${item.id}`;
        const shows = own.filter(
          (lab) => item.labs.includes(lab) || book.find(lab)?.competencies.includes(id),
        );
        return { id, title: item.title, labs: shows };
      }),
    };
  });
}
