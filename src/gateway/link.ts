/** Channels over one byte stream; both sides run this. */
import { Channel } from './channel.ts';
import { createFrameReader, encodeFrame, type Frame, nothing } from './frames.ts';
import { mostChannels, type Opening, pingEveryMs, silentForMs } from './protocol.ts';

/** What a Duplex has; the agent's is two streams. */
export interface Transport {
  on(event: 'data', listener: (piece: Buffer) => void): unknown;
  on(event: 'end' | 'close' | 'error', listener: () => void): unknown;
  write(bytes: Uint8Array, done?: () => void): unknown;
  destroy(): unknown;
}

export interface Link {
  /** Null when the link has ended. */
  open(opening: Opening): Channel | null;
  /** How many channels there are. */
  count(): number;
  /** Resolves when the other side has spoken, or the link has ended. */
  readonly spoken: Promise<void>;
  readonly ended: Promise<void>;
  isEnded(): boolean;
  /** Ends it and all of its channels. */
  end(): void;
}

/**
 * Owns `transport`. It ends with that, when the other side is silent for too long, and when it sends what makes no sense.
 * @param onOpen what the agent does with a channel; null on our side.
 * @param onChange called when a channel was opened or closed.
 */
export function createLink(
  transport: Transport,
  onOpen: ((channel: Channel, opening: Opening) => void) | null,
  onChange: () => void = () => {},
): Link {
  const channels = new Map<number, Channel>();
  const isAgent = onOpen !== null;
  const spoken = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const read = createFrameReader();
  let last = 0;
  let isEnded = false;
  let heardAt = performance.now();

  function add(id: number): Channel {
    const channel = new Channel((type, payload, done) => {
      if (isEnded) return;
      transport.write(encodeFrame(type, id, payload), done && (() => done()));
    }, isAgent);
    // Whoever has it listens, too; until then nobody may fall over it.
    channel.on('error', () => {});
    channel.once('close', () => {
      channels.delete(id);
      onChange();
    });
    channels.set(id, channel);
    onChange();
    return channel;
  }

  function take({ type, channel: id, payload }: Frame): void {
    if (type === 'hello') spoken.resolve();
    else if (type === 'ping') transport.write(encodeFrame('pong', 0, nothing));
    else if (type === 'open') begin(id, payload);
    else channels.get(id)?.receive(type, payload);
  }

  function begin(id: number, payload: Buffer): void {
    if (onOpen === null || channels.has(id)) throw new Error('a channel that cannot be');
    const channel = add(id);
    if (channels.size > mostChannels) channel.reset({ refusal: 'unreachable' });
    else onOpen(channel, JSON.parse(payload.toString()) as Opening);
  }

  function end(): void {
    if (isEnded) return;
    isEnded = true;
    clearInterval(watch);
    transport.destroy();
    for (const channel of [...channels.values()]) channel.lose({ lost: true });
    spoken.resolve();
    ended.resolve();
  }

  transport.on('data', (piece: Buffer) => {
    heardAt = performance.now();
    try {
      for (const frame of read(piece)) if (!isEnded) take(frame);
    } catch {
      end();
    }
  });
  for (const sign of ['end', 'close', 'error'] as const) transport.on(sign, end);
  const watch = setInterval(() => {
    if (performance.now() - heardAt > silentForMs) end();
    else if (!isAgent) transport.write(encodeFrame('ping', 0, nothing));
  }, pingEveryMs).unref();
  if (isAgent) transport.write(encodeFrame('hello', 0, nothing));

  return {
    spoken: spoken.promise,
    ended: ended.promise,
    isEnded: () => isEnded,
    count: () => channels.size,
    end,
    open(opening) {
      if (isEnded) return null;
      last += 1;
      const channel = add(last);
      transport.write(encodeFrame('open', last, Buffer.from(JSON.stringify(opening))));
      return channel;
    },
  };
}
