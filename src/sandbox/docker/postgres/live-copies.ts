/** Copies of labs' servers as images, one at a time of each: the end of one lets the server go on. */
import pLimit, { type LimitFunction } from 'p-limit';
import { LabError } from '../../../lab/errors.ts';
import type { Containers, FoundContainer } from '../../containers/types.ts';
import type { DatabaseImages } from './database-images.ts';

const mostBytes = 2 * 1024 ** 3;

export interface LiveCopies {
  /**
   * An image of a server as it is now; it goes with the sandbox that `owner` is. Throws LabError `payload_too_large`
   * over 2 GB.
   */
  copy(from: FoundContainer, owner: string, signal: AbortSignal): Promise<string>;
  /** No copy of this container is made meanwhile: what is held still for one must not be released. */
  without<T>(id: string, work: () => Promise<T>): Promise<T>;
  /** Whether this container is held still for a moment, or is about to be. */
  isHeld(id: string): boolean;
  /** How many copies of anything have ended. */
  ended(): number;
}

export function createLiveCopies(containers: Containers, images: DatabaseImages): LiveCopies {
  /** What is done or waits, by container. */
  const turns = new Map<string, { readonly limit: LimitFunction; waiting: number }>();
  let ended = 0;

  async function without<T>(id: string, work: () => Promise<T>): Promise<T> {
    const turn = turns.get(id) ?? { limit: pLimit(1), waiting: 0 };
    turns.set(id, turn);
    turn.waiting += 1;
    try {
      return await turn.limit(work);
    } finally {
      turn.waiting -= 1;
      if (turn.waiting === 0) turns.delete(id);
    }
  }

  async function copyNow({ id, component }: FoundContainer, owner: string, signal: AbortSignal) {
    signal.throwIfAborted();
    if ((await images.layerBytes(id, signal)) > mostBytes) {
      const message = `The data of component "${component}" takes more than 2 GB and cannot be copied.`;
      throw new LabError('payload_too_large', message);
    }
    try {
      return await containers.commit(id, { owner }, signal);
    } finally {
      ended += 1;
    }
  }

  return {
    copy: (from, owner, signal) => without(from.id, () => copyNow(from, owner, signal)),
    without,
    isHeld: (id) => turns.has(id),
    ended: () => ended,
  };
}
