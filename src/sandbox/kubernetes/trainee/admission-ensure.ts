/** Puts the cluster's rule for trainees in force, or finds it there: installed with the chart it needs no right of ours. */
import { LabError } from '../../../lab/errors.ts';
import { statusOf } from '../errors.ts';
import type { Cluster, ObjectName } from '../types.ts';
import { admissionObjects, revision, revisionAnnotation } from './admission.ts';

export interface Admission {
  /** Throws LabError `backend_not_supported` where the cluster is too old, `backend_unavailable` where we may not. */
  ensure(signal: AbortSignal): Promise<void>;
}

const believedMs = 300_000;

export function createAdmission(cluster: Cluster): Admission {
  let knownUntil = -1;

  async function revisionOf(name: ObjectName, signal: AbortSignal): Promise<number> {
    const there = await cluster.read<{ metadata?: { annotations?: Record<string, string> } }>(name, signal);
    return Number(there?.metadata?.annotations?.[revisionAnnotation] ?? 0);
  }

  return {
    async ensure(signal) {
      if (performance.now() < knownUntil) return;
      try {
        for (const object of admissionObjects()) {
          const { apiVersion, kind, metadata } = object;
          // A newer Labwright's is good for us too, and both may be in one cluster.
          if ((await revisionOf({ apiVersion, kind, name: metadata.name }, signal)) >= revision) continue;
          await cluster.apply(object, signal);
        }
      } catch (thrown) {
        const isUnknown = thrown instanceof LabError && thrown.code === 'validation_failed';
        if (!isUnknown && statusOf(thrown) !== 404) throw thrown;
        const text =
          'Components of the kind namespace need a cluster with ValidatingAdmissionPolicy, which Kubernetes has since 1.30.';
        throw new LabError('backend_not_supported', text, { cause: thrown });
      }
      knownUntil = performance.now() + believedMs;
    },
  };
}
