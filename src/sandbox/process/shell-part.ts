/** Workspaces: folders in which programs are run as the trainee would. */
import { waitForEnd } from '../../embedded/process-identity.ts';
import type { ShellComponent } from '../../templates/types.ts';
import type { ResourceRef } from '../naming.ts';
import type { Part } from '../part.ts';
import { endInhabitants, signalInhabitants } from './inhabitants.ts';
import type { Terminals } from './terminal.ts';
import type { Workspaces } from './workspaces.ts';

export function createShellPart(workspaces: Workspaces, terminals: Terminals): Part<ShellComponent> {
  /** Also those that have left the folder. */
  const endTerminals = ({ sandboxId, component }: ResourceRef, below = Number.POSITIVE_INFINITY) =>
    terminals.end(
      (ref) => ref.sandboxId === sandboxId && ref.component === component && ref.generation < below,
    );

  return {
    async ensure(piece, signal) {
      await endTerminals(piece.ref, piece.ref.generation);
      await workspaces.ensure(piece, signal);
    },
    observe: async ({ ref }) => workspaces.observe(ref),
    access: ({ ref }) => ({ kind: 'shell', path: workspaces.path(ref) }),
    address: () => null,
    async kill({ ref }, signal) {
      if (signal === 'KILL' || signal === 'TERM') await endTerminals(ref);
      const found = signalInhabitants(workspaces.path(ref), `SIG${signal}`);
      if (signal === 'KILL' || signal === 'TERM')
        await Promise.all(found.map((process) => waitForEnd(process, 10_000)));
    },
    async stop({ ref }) {
      await endTerminals(ref);
      await endInhabitants(workspaces.path(ref));
    },
    lacks: () => [],
  };
}
