/** The kubeconfig of a workspace: where its programs look for one, with a token that is renewed long before it ends. */
import { LabError } from '../../lab/errors.ts';
import type { Namespaces } from '../../lab/namespaces.ts';
import type { SandboxPlan } from '../../lab/ports.ts';
import type { ShellComponent } from '../../templates/types.ts';
import type { Gateways } from '../containers/types.ts';
import { type Part, type Piece, pieceOf } from '../part.ts';

export interface WorkspaceKubeconfigs {
  /** Workspaces that get theirs when they are made. */
  with(shell: Required<Part<ShellComponent>>): Required<Part<ShellComponent>>;
  /** Before a program is run in it: free while the token is good for long enough. */
  renew(plan: SandboxPlan, component: string, signal: AbortSignal): Promise<void>;
  forget(sandboxId: string): void;
}

/** Where `kubectl` and its like look by themselves. */
const path = '.kube/config';

/** Of a copy of a lab, whose namespaces are not copied: it does not lead to those of the original. */
const nowhere = 'apiVersion: v1\nkind: Config\n';

export function createWorkspaceKubeconfigs(
  namespaces: Pick<Namespaces, 'kubeconfig'>,
  gateways: Gateways,
): WorkspaceKubeconfigs {
  /** Sandbox → workspace and generation → when its token is to be renewed. */
  const renewals = new Map<string, Map<string, number>>();

  async function renew(piece: Piece<ShellComponent>, signal: AbortSignal): Promise<void> {
    const { plan, ref, spec } = piece;
    const wanted = spec.kubeconfig ?? [];
    if (wanted.length === 0) return;
    const known = renewals.get(ref.sandboxId) ?? new Map<string, number>();
    const key = `${ref.component}/${ref.generation}`;
    if ((known.get(key) ?? 0) > Date.now()) return;
    const { text, renewAt } = await contentOf(plan, wanted, signal);
    const { files } = await gateways.open(ref.sandboxId, signal);
    try {
      await files.write(ref, path, Buffer.from(text), signal);
    } catch (thrown) {
      // The folder is the trainee's: something else may be in the way there.
      if (!(thrown instanceof LabError) || !thrown.permanent) throw thrown;
    }
    renewals.set(ref.sandboxId, known.set(key, renewAt));
  }

  async function contentOf(plan: SandboxPlan, wanted: readonly string[], signal: AbortSignal) {
    const there = wanted.filter((name) => plan.components[name] !== undefined);
    if (there.length === 0) return { text: nowhere, renewAt: Number.POSITIVE_INFINITY };
    const now = Date.now();
    const until = new Date(now + plan.version.template.lifetime.maxSeconds * 1_000);
    const { text, expiresAt } = await namespaces.kubeconfig(plan, there, 'inside', until, signal);
    return { text, renewAt: now + (expiresAt.getTime() - now) / 2 };
  }

  return {
    with: (shell) => ({
      ...shell,
      async ensure(piece, signal) {
        await shell.ensure(piece, signal);
        await renew(piece, signal);
      },
    }),
    async renew(plan, component, signal) {
      const piece = pieceOf(plan, component);
      if (piece.spec.kind === 'shell') await renew(piece as Piece<ShellComponent>, signal);
    },
    forget: (sandboxId) => void renewals.delete(sandboxId),
  };
}
