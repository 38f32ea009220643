import type { Line } from './measure.ts';
import type { World } from './world.ts';

/** One row of the table of targets. */
export interface Bench {
  /** Its number in that table. */
  readonly row: number;
  /** What `npm run bench -- <name>` calls it. */
  readonly name: string;
  /** What it is called together with others. */
  readonly group?: string;
  /** Gives one line a target. Everything that it started has ended when it returns, or ends with the world. */
  run(world: World): Promise<readonly Line[]>;
}
