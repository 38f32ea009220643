/** Programs of trainees, followed through the gateways of their labs. */
import { createSources, type Followed, type Sources, type SourceWatch } from '../files/sources.ts';
import type { Gateway, Gateways } from './types.ts';

const withinMs = 30_000;
const againAfterMs = 5_000;

export function createGatewaySources(gateways: Gateways): Sources {
  async function through<T>(
    sandboxId: string,
    work: (files: Gateway['files'], signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const signal = AbortSignal.timeout(withinMs);
    return work((await gateways.open(sandboxId, signal)).files, signal);
  }

  function watch({ workspace, below }: Followed, onChange: () => void): SourceWatch {
    let inner: SourceWatch | null = null;
    let timer: NodeJS.Timeout | undefined;
    let isClosed = false;

    async function begin(): Promise<void> {
      const { files } = await gateways.open(workspace.sandboxId, AbortSignal.timeout(withinMs));
      if (!isClosed) inner = files.watch(workspace, below, onChange);
    }
    function again(): void {
      if (!isClosed) timer = setTimeout(() => begin().catch(again), againAfterMs).unref();
    }

    begin().catch(again);
    return {
      close() {
        isClosed = true;
        clearTimeout(timer);
        inner?.close();
      },
    };
  }

  return createSources({
    scan: ({ workspace, below, editable }) =>
      through(workspace.sandboxId, (files, signal) => files.scan(workspace, below, editable, signal)),
    watch,
    noted: ({ sandboxId, component }) =>
      through(sandboxId, (files, signal) => files.noted(component, signal)),
    note: ({ sandboxId, component }, fingerprint) =>
      through(sandboxId, (files, signal) => files.note(component, fingerprint, signal)),
  });
}
