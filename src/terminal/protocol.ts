/**
 * What a terminal or a tunnel says over its WebSocket; servers and clients share it. Binary frames are the bytes, text
 * frames are control in JSON, and the closing frame tells why it is over.
 */
import type { TerminalSize } from '../lab/ports.ts';

export type WayKind = 'terminal' | 'tunnel';

/** Offered by the client and confirmed by the server; another number says another language. */
export const protocolOf: Readonly<Record<WayKind, string>> = {
  terminal: 'labwright.terminal.v1',
  tunnel: 'labwright.tunnel.v1',
};

/** No frame is larger, either way. */
export const mostFrameBytes = 65_536;

/** Columns and rows of a terminal are from 1 to this. */
export const largestSide = 1_000;

/** Why it is over: code and reason of the closing frame. */
export interface Closing {
  readonly code: number;
  /** For people; ASCII of at most 123 characters. */
  readonly reason: string;
}

/** Codes from 4000 on are ours (RFC 6455, 7.4.2). */
export const closingCodes = {
  /** A tunnel: the component, or who used it, has closed the connection. */
  done: 1000,
  /** The server stops; trying again reaches another one, or it again. */
  serverStops: 1001,
  /** A frame that says nothing known. */
  protocol: 1008,
  /** Something broke on the way. */
  broken: 1011,
  /** A terminal: its shell has ended; the reason is `exit <code>`, or `exit unknown`. */
  shellEnded: 4000,
  labEnded: 4001,
  /** The lab is there, but what was spoken to is not: it was reset, rewound or paused. */
  replaced: 4002,
  /** Nothing passed for long. */
  idle: 4003,
  /** The token has expired or was revoked. */
  refused: 4004,
} as const;

export const shellEnded = (code: number | null): Closing => ({
  code: closingCodes.shellEnded,
  reason: `exit ${code ?? 'unknown'}`,
});

/** The exit code that a closing tells; null when it tells none. */
export function exitCodeOf({ code, reason }: Closing): number | null {
  const [, exit] = /^exit (\d{1,3})$/.exec(reason) ?? [];
  return code === closingCodes.shellEnded && exit !== undefined ? Number(exit) : null;
}

/** Of the client to a terminal, and of both to the other end of a tunnel. */
export type Control = { readonly resize: TerminalSize } | { readonly end: true };

/** Null for what is no control frame of this kind of way. */
export function parseControl(text: string, kind: WayKind): Control | null {
  let word: unknown;
  try {
    word = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof word !== 'object' || word === null) return null;
  if (kind === 'tunnel') return 'end' in word && word.end === true ? { end: true } : null;
  if (!('resize' in word) || typeof word.resize !== 'object' || word.resize === null) return null;
  const { cols, rows } = word.resize as Partial<Record<string, unknown>>;
  return isSide(cols) && isSide(rows) ? { resize: { cols, rows } } : null;
}

function isSide(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= largestSide;
}
