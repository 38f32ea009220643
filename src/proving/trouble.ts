import type { DefectCode } from './types.ts';

/** Why a run could not be done: its template is to blame, as far as one can tell. */
export class RunTrouble extends Error {
  readonly code: DefectCode;

  constructor(code: DefectCode, message: string) {
    super(message);
    this.code = code;
  }
}
