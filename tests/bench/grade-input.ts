/** Grading without a server around it: as the worker does it, on a sandbox of this process's driver. */
import { createVocabulary } from '../../src/compose/language.ts';
import type { GradeInput } from '../../src/grading/grade.ts';
import { noRecords } from '../../src/grading/records.ts';
import { drawParameters } from '../../src/templates/draw.ts';
import { silent } from './driver.ts';
import type { World } from './world.ts';

export function gradeInput(world: World, own: Pick<GradeInput, 'version' | 'sandbox' | 'judge'>): GradeInput {
  const { observers, actions } = createVocabulary();
  return {
    ...own,
    params: {},
    answers: {},
    hintsTaken: {},
    progress: [],
    marks: [],
    skipped: [],
    whyDown: async () => null,
    records: noRecords,
    observers,
    actions,
    forks: null,
    draw: drawParameters,
    seed: 'bench',
    fence: 1,
    evidenceKey: world.installationKey,
    log: silent,
  };
}
