import { fstatSync } from 'node:fs';

/** Calls `onGone` once when the process that started us is no more, seen by a new parent or by the end of stdin. */
export function watchParent(onGone: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, 500).unref();
  // Only a pipe or a socket ends when its other side does; /dev/null has ended from the start.
  const stdin = fstatSync(0);
  if (!stdin.isFIFO() && !stdin.isSocket()) return;
  process.stdin.once('close', onGone).resume();
  process.stdin.on('error', onGone);
}
