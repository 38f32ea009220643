/** Workspaces: folders in which programs are run as the trainee would. */
import { waitForEnd } from '../../embedded/process-identity.ts';
import type { ShellComponent } from '../../templates/types.ts';
import type { Part } from '../part.ts';
import { signalInhabitants } from './inhabitants.ts';
import type { Workspaces } from './workspaces.ts';

export function createShellPart(workspaces: Workspaces): Part<ShellComponent> {
  return {
    ensure: (piece, signal) => workspaces.ensure(piece, signal),
    observe: async ({ ref }) => workspaces.observe(ref),
    access: ({ ref }) => ({ kind: 'shell', path: workspaces.path(ref) }),
    address: () => null,
    async kill({ ref }, signal) {
      const found = signalInhabitants(workspaces.path(ref), `SIG${signal}`);
      if (signal === 'KILL' || signal === 'TERM')
        await Promise.all(found.map((process) => waitForEnd(process, 10_000)));
    },
    lacks: () => [],
  };
}
