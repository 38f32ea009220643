/** The product's own code with a cap of its looks raised: how an attack shows that it is this cap which holds it. */
import { limits } from '../../src/observers/limits.ts';

type Raised = Partial<Record<keyof typeof limits, number>>;

/** Does the work under these caps, and puts the real ones back. One at a time. */
export async function withLimits<T>(raised: Raised, work: () => Promise<T>): Promise<T> {
  const shared: Record<string, number> = limits;
  const before = { ...shared };
  Object.assign(shared, raised);
  try {
    return await work();
  } finally {
    Object.assign(shared, before);
  }
}
