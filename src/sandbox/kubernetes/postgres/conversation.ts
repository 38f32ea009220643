/** A program that talks in lines. */
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';

export interface Conversation {
  say(line: string): void;
  /** Its next line; null: it has ended. Throws what its connection broke of. */
  hear(): Promise<string | null>;
  /** All that it still says when it is told no more. */
  rest(): Promise<string>;
  /** Ends the connection. */
  end(): void;
}

export function converse(stream: Duplex, signal: AbortSignal): Conversation {
  let broken: unknown = null;
  stream.on('error', (thrown) => {
    broken ??= thrown;
  });
  const giveUp = () => void stream.destroy(signal.reason as Error);
  if (signal.aborted) giveUp();
  else signal.addEventListener('abort', giveUp, { once: true });
  const lines = createInterface({ input: stream })[Symbol.asyncIterator]();

  async function hear(): Promise<string | null> {
    const { value, done } = await lines.next();
    if (done !== true) return value;
    if (broken !== null) throw broken;
    return null;
  }

  return {
    say: (line) => void stream.write(`${line}\n`),
    hear,
    async rest() {
      stream.end();
      const said: string[] = [];
      for (let line = await hear(); line !== null; line = await hear()) said.push(line);
      return said.join('\n');
    },
    end() {
      signal.removeEventListener('abort', giveUp);
      stream.destroy();
    },
  };
}
