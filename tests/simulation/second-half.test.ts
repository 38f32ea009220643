import { it } from 'vitest';
import { histories, replay, walkAll } from './histories.ts';

// In a file of its own, so that both halves are walked side by side. A replay is the first file's.
const half = Math.ceil(histories / 2);

it(`keeps its promises in ${histories - half} more random histories`, { timeout: 15 * 60_000 }, () =>
  replay === null ? walkAll(1 + half, 1 + histories) : undefined,
);
