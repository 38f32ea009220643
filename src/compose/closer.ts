/** What was opened is closed in the opposite order, each once, whatever of it fails. */
export interface Closer {
  add(name: string, close: () => Promise<unknown> | unknown): void;
  /** Closes everything; throws an AggregateError of what failed after all had their turn. Closing twice is one. */
  close(): Promise<void>;
}

export function createCloser(onSlow: (name: string, ms: number) => void = () => {}): Closer {
  const open: { readonly name: string; readonly close: () => Promise<unknown> | unknown }[] = [];
  let closing: Promise<void> | null = null;

  async function closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let last = open.pop(); last !== undefined; last = open.pop()) {
      const started = performance.now();
      try {
        await last.close();
      } catch (error) {
        failures.push(new Error(`closing ${last.name} failed`, { cause: error }));
      }
      onSlow(last.name, Math.round(performance.now() - started));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be closed');
  }

  return {
    add: (name, close) => void open.push({ name, close }),
    close: () => {
      closing ??= closeAll();
      return closing;
    },
  };
}
