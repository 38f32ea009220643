/** Running a program in the trainee's component and reading what it said. */
import type { LookContext } from '../grading/types.ts';
import { askCluster } from './cluster.ts';
import { limits } from './limits.ts';
import { LookFailure } from './look.ts';
import { type PodSpec, podOf } from './pod-place.ts';

export interface RunSeen {
  readonly [key: string]: number | string | boolean;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  readonly timedOut: boolean;
}

/** @throws LookFailure `oversized` when it printed more than the cap. */
export async function seeRun(
  asked: {
    readonly component: string;
    readonly pod?: PodSpec;
    readonly argv: readonly string[];
    readonly cwd?: string | undefined;
    readonly timeout: number;
  },
  { sandbox, fill }: LookContext,
  signal: AbortSignal,
): Promise<RunSeen> {
  const argv = asked.argv.map((word) => fill.text(word));
  const caps = {
    timeoutMs: asked.timeout,
    maxBytes: limits.execOutputBytes,
    ...(asked.cwd === undefined ? {} : { cwd: fill.text(asked.cwd) }),
  };
  const { component, pod } = asked;
  // What has begun is not begun again when the cluster falls silent.
  const run =
    pod === undefined
      ? await sandbox.exec(component, argv, caps, signal)
      : await askCluster(
          sandbox,
          component,
          (all) => all.podExec(component, podOf(pod, fill), argv, caps, signal),
          signal,
          {
            again: false,
          },
        );
  if (run.truncated) {
    const most = `${limits.execOutputBytes / 1024} KiB`;
    throw new LookFailure('oversized', `The program printed more than ${most}.`, `output over ${most}`);
  }
  return {
    exitCode: run.exitCode ?? 128,
    stdout: run.stdout,
    stderr: run.stderr,
    durationMs: Math.round(run.durationMs),
    timedOut: run.timedOut,
  };
}
