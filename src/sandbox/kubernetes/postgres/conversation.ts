/** A program that talks in lines. */
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { LabError } from '../../../lab/errors.ts';

export interface Conversation {
  say(line: string): void;
  /** Its next line. Throws what its connection broke of, LabError `backend_unavailable` where it said no more. */
  hear(): Promise<string>;
  /** All that it still says. */
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

  async function next(): Promise<string | null> {
    const { value, done } = await lines.next();
    if (done !== true) return value;
    if (broken !== null) throw broken;
    return null;
  }

  return {
    say: (line) => void stream.write(`${line}\n`),
    async hear() {
      const line = await next();
      if (line !== null) return line;
      throw new LabError('backend_unavailable', 'A program that copies a database ended without a word.');
    },
    async rest() {
      const said: string[] = [];
      for (let line = await next(); line !== null; line = await next()) said.push(line);
      return said.join('\n');
    },
    end() {
      signal.removeEventListener('abort', giveUp);
      stream.destroy();
    },
  };
}
