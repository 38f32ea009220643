import { it } from 'vitest';
import { histories, replay, walkAll } from './histories.ts';

const half = Math.ceil(histories / 2);
const what = replay === null ? `${half} random histories` : `history ${replay}`;

it(`keeps its promises in ${what} with crashes at every await`, { timeout: 15 * 60_000 }, () =>
  replay === null ? walkAll(1, 1 + half) : walkAll(replay, replay + 1),
);
