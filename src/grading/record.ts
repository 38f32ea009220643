/** From what an observer saw to what is judged and kept: the judge only ever sees what a regrade would see too. */
import { attribution } from './judge/attribution.ts';
import type { EvidencePiece, Observation, Value } from './types.ts';
import { sealEvidence, throughEvidence } from './values/evidence.ts';

export interface Recorded {
  /** With its value in the decoded stored form. */
  readonly observation: Observation;
  /** Null when there is no value: why not stands in the check's result. */
  readonly evidence: EvidencePiece | null;
}

/** @param key of the installation; null: evidence is stored in plain. */
export function record(observation: Observation, key: Uint8Array | null): Recorded {
  if (observation.outcome === 'unseen') return { observation, evidence: null };
  let value: Value;
  try {
    value = throughEvidence(observation.value);
  } catch (thrown) {
    const { at, durationMs } = observation;
    const reason = 'What was found there is nested too deeply to be checked.';
    const internal = String(thrown);
    return {
      observation: { outcome: 'unseen', problem: 'unsupported', reason, internal, at, durationMs },
      evidence: null,
    };
  }
  return { observation: { ...observation, value }, evidence: sealEvidence(value, key) };
}

/** Whether an observation has no value through our own fault. */
export function isOurs(observation: Observation | undefined): boolean {
  return observation?.outcome === 'unseen' && attribution[observation.problem].verdict === 'error';
}
