/** Brings the records of children up to what really runs, when a Labwright starts after one that was killed. */
import { isAlive, signalProcess } from '../../embedded/process-identity.ts';
import { findMarked, logsBeneath } from './marked.ts';
import type { Records } from './records.ts';

export function adoptChildren(records: Records, installationId: string): void {
  // The records of a copied data folder name the children of the one that it was copied from.
  for (const { sandboxId, children } of records.all()) {
    for (const [component, child] of Object.entries(children)) {
      if (!isAlive(child) || logsBeneath(records.root, child.pid)) continue;
      records.update(sandboxId, (record) => {
        const { [component]: _, ...others } = record.children;
        return { children: others };
      });
    }
  }
  for (const { labels, process } of findMarked(installationId, records.root)) {
    const { sandboxId, component, generation } = labels;
    const recorded = records.get(sandboxId)?.children[component];
    const known = recorded !== undefined && isAlive(recorded) ? recorded : null;
    if (known?.pid === process.pid) continue;
    if (known !== null) {
      // Killed between making a child and writing it down, then made again: the unwritten one is of no use.
      signalProcess(process, 'SIGKILL', { group: true });
    } else {
      // Also brings back the record of a sandbox whose folder was lost, so that it is listed and can be destroyed.
      records.update(sandboxId, ({ children }) => ({
        children: { ...children, [component]: { ...process, generation } },
      }));
    }
  }
}
