/** Answers of the engine that are no failure of what was wanted. */
import { engineStatus } from './engine-errors.ts';

/** 404: what is not there. */
export async function absentAsNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (thrown) {
    if (engineStatus(thrown) === 404) return null;
    throw thrown;
  }
}

/** False: it is not there, does not run, or was so already. */
export async function unlessNotRunning(asked: Promise<unknown>): Promise<boolean> {
  try {
    await asked;
    return true;
  } catch (thrown) {
    const status = engineStatus(thrown);
    if (status === 404 || status === 304 || status === 409) return false;
    if (status === 500 && /is not (running|paused)|already paused/.test(String(thrown))) return false;
    throw thrown;
  }
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    setTimeout(() => {
      signal.removeEventListener('abort', giveUp);
      resolve();
    }, ms);
  });
}
