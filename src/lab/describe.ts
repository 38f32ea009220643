/**
 * What people see of a lab. Derived from the rows whenever it is asked for and never stored beside them, so it cannot
 * disagree with what is true.
 */
import type { ComponentRow, Lab, Sandbox } from './lab.ts';

export type LabStatus =
  | 'queued'
  | 'starting'
  | 'ready'
  | 'resetting'
  | 'broken'
  | 'paused'
  | 'resuming'
  | 'ending'
  | 'ended';

export type ComponentStatus = 'waiting' | 'starting' | 'running' | 'resetting' | 'broken' | 'paused';

export interface LabView {
  readonly status: LabStatus;
  /** One sentence for a person, such as "starting: database". */
  readonly message: string;
  readonly components: readonly {
    readonly name: string;
    readonly status: ComponentStatus;
    readonly detail: string | null;
  }[];
  readonly queue: {
    readonly position: number;
    readonly etaSeconds: number | null;
    readonly etaP90Seconds: number | null;
  } | null;
}

export interface QueueFacts {
  readonly position: number;
  readonly p50Seconds: number | null;
  readonly p90Seconds: number | null;
}

/**
 * Pure. `queue` is read only for labs that are not ready yet.
 * @param insider whether the reader may see what went wrong inside: log lines, folders and addresses are in it.
 * @param theirs components in the trainee's custody: one that is down is as they left it.
 */
export function describeLab(
  lab: Lab,
  sandbox: Sandbox | null,
  queue: QueueFacts | null,
  now: Date,
  insider: boolean,
  theirs: ReadonlySet<string> = new Set(),
): LabView {
  const components =
    sandbox === null ? [] : Object.entries(sandbox.components).map(([name, row]) => component(name, row));
  const line = queue === null ? null : waitingLine(lab, queue, now);
  const say = (status: LabStatus, message: string): LabView => ({ status, message, components, queue: line });
  switch (lab.phase) {
    case 'requested':
      return say('queued', `queued${place(line)}`);
    case 'provisioning': {
      const starting = names(components, 'starting').concat(names(components, 'waiting'));
      const why = insider ? `: ${sandbox?.lastError}` : '';
      const trouble = sandbox?.lastError ? `; last try failed${why}` : '';
      return say('starting', `starting: ${starting.join(', ') || 'finishing'}${place(line)}${trouble}`);
    }
    case 'ready': {
      const down = components.filter((c) => c.status === 'broken');
      const broken = down.filter((c) => !theirs.has(c.name));
      if (broken.length > 0) return say('broken', `broken: ${whichAre(broken)}, repairing`);
      const resetting = components
        .filter((c) => c.status !== 'running' && c.status !== 'broken')
        .map((c) => c.name);
      if (resetting.length > 0) return say('resetting', `resetting: ${resetting.join(', ')}`);
      // Nobody could look since: that it served then is no promise that it does now.
      if (sandbox !== null && sandbox.failures > 0) {
        return say('broken', `broken: ${(insider && sandbox.lastError) || isAway(sandbox, now)}`);
      }
      return say('ready', down.length === 0 ? 'ready' : `ready; ${whichAre(down)}`);
    }
    case 'paused': {
      const going = components.filter(({ status }) => status !== 'paused').map(({ name }) => name);
      const why = lab.pausedBecause === 'idle' ? ', for nobody used it' : '';
      return say('paused', `paused${why}${going.length === 0 ? '' : `; stopping: ${going.join(', ')}`}`);
    }
    case 'resuming': {
      const away = components.filter(({ status }) => status !== 'running').map(({ name }) => name);
      const failed = sandbox?.lastError ? `; last try failed${insider ? `: ${sandbox.lastError}` : ''}` : '';
      return say('resuming', `resuming: ${away.join(', ') || 'finishing'}${failed}`);
    }
    case 'terminating':
      return say(
        'ending',
        `ending: ${lab.endReason ?? 'deleted'}${lab.exportsLeft > 0 ? '; what is kept of it is being written' : ''}`,
      );
    case 'terminated': {
      const why = insider && lab.endDetail !== null ? ` (${lab.endDetail})` : '';
      return say('ended', `ended: ${lab.endReason ?? 'deleted'}${why}`);
    }
  }
}

/** For people to whom nothing inside is told. */
function isAway({ nextTryAt }: Sandbox, now: Date): string {
  const seconds = nextTryAt === null ? 0 : Math.ceil((nextTryAt.getTime() - now.getTime()) / 1000);
  const again = seconds > 0 ? `in ${seconds} s` : 'now';
  return `what runs this lab does not answer; nothing is lost, and it is tried again ${again}`;
}

function whichAre(down: LabView['components']): string {
  return down.map((c) => `${c.name} is down${c.detail === null ? '' : ` (${c.detail})`}`).join(', ');
}

function component(name: string, row: ComponentRow): LabView['components'][number] {
  return { name, status: componentStatus(row), detail: row.detail };
}

function componentStatus(row: ComponentRow): ComponentStatus {
  const isServed = row.servedGeneration === row.generation;
  if (!isServed && row.servedGeneration > 0) return 'resetting';
  if (row.observed === 'stopped') return 'paused';
  if (isServed) return row.observed === 'running' ? 'running' : 'broken';
  return row.observed === 'unknown' || row.observed === 'absent' ? 'waiting' : 'starting';
}

function names(components: LabView['components'], status: ComponentStatus): string[] {
  return components.filter((c) => c.status === status).map((c) => c.name);
}

function waitingLine(lab: Lab, queue: QueueFacts, now: Date): NonNullable<LabView['queue']> {
  const waited = (now.getTime() - lab.createdAt.getTime()) / 1000;
  const left = (seconds: number | null) =>
    seconds === null ? null : Math.max(0.1, round1(seconds - waited));
  return {
    position: queue.position,
    etaSeconds: left(queue.p50Seconds),
    etaP90Seconds: left(queue.p90Seconds),
  };
}

function place(line: LabView['queue']): string {
  if (line === null) return '';
  const eta =
    line.etaSeconds === null
      ? ''
      : `, about ${line.etaSeconds < 10 ? line.etaSeconds : Math.round(line.etaSeconds)} s`;
  return line.position > 1 ? ` ${ordinal(line.position)}${eta}` : eta;
}

function ordinal(n: number): string {
  const suffix = n % 100 >= 11 && n % 100 <= 13 ? 'th' : ({ 1: 'st', 2: 'nd', 3: 'rd' }[n % 10] ?? 'th');
  return `${n}${suffix}`;
}

function round1(n: number): number {
  return Math.round(n * 10) / 10;
}
