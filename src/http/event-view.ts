/** What an event tells its reader. Pure. A trainee gets the named fields only; a new field is hidden until listed. */
import { keptBack } from '../grading/kept-back.ts';
import type { LabEvent, RecordedEvent } from '../lab/lab.ts';
import type { Caller } from '../lab/lab-service.ts';
import type { Json, Template } from '../templates/types.ts';

const forTrainees: Readonly<Record<LabEvent['type'], readonly string[]>> = {
  'lab.requested': ['template'],
  'lab.provisioning': ['from'],
  'lab.ready': ['tookMs'],
  'lab.terminating': ['because', 'by'],
  'lab.terminated': ['because'],
  'lab.extended': ['minutes', 'expiresAt', 'by'],
  'lab.paused': ['because', 'by'],
  'lab.resumed': [],
  'lab.expires_soon': ['secondsLeft'],
  'lab.reset': ['components', 'keepScore', 'by'],
  'lab.error': ['code', 'failures'],
  'component.running': ['component'],
  'component.broken': ['component', 'detail'],
  'attempt.requested': ['attempt', 'final'],
  'attempt.started': ['attempt'],
  'check.judged': ['attempt', 'check', 'verdict', 'points'],
  'attempt.finished': ['attempt', 'final', 'points', 'maxPoints', 'penalty'],
  'attempt.regraded': ['attempt', 'final', 'points', 'maxPoints', 'undone'],
  'attempt.void': ['attempt', 'reason'],
  'lab.pausing': ['attempt', 'components'],
  'lab.rewound': ['task', 'by'],
  'lab.visited': ['component', 'by', 'through'],
  // Which fault it is would say what to look for.
  'fault.fired': ['say'],
  'fault.done': [],
  'fault.failed': [],
  'checkpoint.kept': ['task'],
  'snapshot.kept': ['snapshot'],
  'snapshot.failed': ['snapshot', 'code'],
  'snapshot.deleted': ['snapshot', 'by'],
  'lab.exported': ['bytes', 'leftOut'],
  'lab.export_failed': ['code', 'triesLeft'],
  'lab.restored': ['snapshot', 'since', 'keepScore', 'by'],
  'task.skipped': ['task', 'penalty'],
  'check.marked': ['check'],
  'check.overridden': ['attempt', 'check', 'verdict', 'points', 'reason'],
  'help.requested': ['help', 'task'],
  'help.answered': ['help', 'answer'],
};

/** The event's data for this caller: no internal message, and no verdict or total that would tell a kept-back one. */
export function eventData(
  event: RecordedEvent,
  template: Template,
  caller: Caller,
): Readonly<Record<string, Json>> {
  if (caller.role !== 'trainee') return event.data;
  const hidden = keptBack(template);
  const dropped = new Set<string>();
  if (event.type === 'check.judged' && hidden.has(String(event.data.check))) {
    dropped.add('verdict').add('points');
  }
  const isTotal = event.type === 'attempt.finished' || event.type === 'attempt.regraded';
  if (isTotal && hidden.size > 0 && event.data.final !== true) {
    dropped.add('points').add('maxPoints').add('penalty');
  }
  const names = (forTrainees[event.type] ?? []).filter((name) => !dropped.has(name));
  return Object.fromEntries(names.flatMap((name) => pick(event.data, name)));
}

function pick(data: Readonly<Record<string, Json>>, name: string): [string, Json][] {
  const value = data[name];
  return value === undefined ? [] : [[name, value]];
}
