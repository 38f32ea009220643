/** The core's settings, in seconds unless said otherwise. */
export interface Policy {
  /** Labs that one trainee may have at once. */
  readonly labsPerTrainee: number;
  /** Labs of this installation at once. */
  readonly labsGlobal: number;
  /** Spares kept for each template that is listed; 0 is allowed. */
  readonly spares: number;
  /** A claimed row is not claimed by anyone else for so long; renewed while work goes on. */
  readonly leaseSeconds: number;
  /** How often a lab that is ready, or a spare, is looked at when nothing rings. */
  readonly lookEverySeconds: number;
  /** Waits after the 1st, 2nd … failed effort in a row; the last one repeats. */
  readonly retrySeconds: readonly number[];
  /** A sandbox that was never up is given up after so many failed efforts. */
  readonly provisionTries: number;
  /** One effort for one component may take so long. */
  readonly ensureSeconds: number;
  /** A lab that nobody uses for so long is paused, unless its template says otherwise; 0: never. */
  readonly idlePauseSeconds: number;
  /** States of one lab that people may keep at once; 0: none. */
  readonly snapshotsPerLab: number;
  /** `reap` leaves alone what is younger than this. */
  readonly reapGraceSeconds: number;
}

export const defaultPolicy: Policy = {
  labsPerTrainee: 3,
  labsGlobal: 50,
  spares: 1,
  leaseSeconds: 8,
  lookEverySeconds: 15,
  retrySeconds: [1, 2, 5, 10, 30],
  provisionTries: 5,
  ensureSeconds: 120,
  idlePauseSeconds: 0,
  snapshotsPerLab: 3,
  reapGraceSeconds: 60,
};
