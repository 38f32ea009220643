/** A server's data from one pod into another, without passing through us. */
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { LabError } from '../../../lab/errors.ts';
import { type Conversation, converse } from './conversation.ts';

/** Where data are. */
export interface Source {
  /** For messages, as `Component "database"`. */
  readonly title: string;
  /** Runs `sendProgram` there. */
  open(): Promise<Duplex>;
  /** Nothing else happens to it meanwhile. */
  alone(work: () => Promise<void>): Promise<void>;
}

export interface Transfer {
  readonly source: () => Promise<Source>;
  /** Runs `receiveProgram` where the data are to be. */
  readonly receive: () => Promise<Duplex>;
  /** Data are wanted there, as far as we know: both ends may begin at once. */
  readonly isWanted: boolean;
  /** Names beside the data, and what is put there with them. */
  readonly files: ReadonlyMap<string, string>;
  /** When all data are there, before they are taken into use. */
  readonly onWhole: () => Promise<void>;
}

/** Longer than the programs at both ends go on by themselves. */
const withinMs = 310_000;
const mostSaid = 2_000;

/**
 * Whole or not at all; nothing where there are data already. Throws LabError `payload_too_large` over 2 GB,
 * `start_failed` with what either end said.
 */
export async function transferData(transfer: Transfer, signal: AbortSignal): Promise<void> {
  const { receive, isWanted, files, onWhole } = transfer;
  const within = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);

  async function beginSending() {
    const source = await transfer.source();
    return { source, from: converse(await source.open(), within) };
  }

  async function pass({ source, from }: Sending, to: Conversation, address: string): Promise<void> {
    const first = await from.hear();
    if (first === 'nothing') throw failure(source, 'has no data that it could be cloned from.');
    if (first === 'large') {
      const message = `${source.title} has more than 2 GB of data and cannot be copied.`;
      throw new LabError('payload_too_large', message);
    }
    if (first !== 'ready') throw await failureOf(source, from, first);
    const token = randomBytes(32).toString('hex');
    to.say(token);
    await source.alone(async () => {
      from.say(`${address} ${token}`);
      await expect(source, from, 'sent');
    });
    await expect(source, to, 'whole');
  }

  type Sending = Awaited<ReturnType<typeof beginSending>>;
  const early = isWanted ? beginSending() : null;
  // It may be that nobody waits for it any more.
  early?.catch(() => {});
  let to: Conversation | null = null;
  let sending: Sending | null = null;
  try {
    to = converse(await receive(), within);
    const wish = await to.hear();
    if (wish === 'have') return await onWhole();
    sending = await (early ?? beginSending());
    const address = /^want (\S+)$/.exec(wish ?? '')?.[1];
    if (address === undefined) throw await failureOf(sending.source, to, wish);
    await pass(sending, to, address);
    await onWhole();
    for (const [name, content] of files) to.say(`${name} ${Buffer.from(content).toString('hex')}`);
    to.say('go');
    await expect(sending.source, to, 'done');
  } finally {
    to?.end();
    sending?.from.end();
    if (sending === null) early?.then(({ from }) => from.end()).catch(() => {});
  }
}

async function expect(source: Source, other: Conversation, word: string): Promise<void> {
  const said = await other.hear();
  if (said !== word) throw await failureOf(source, other, said);
}

async function failureOf(source: Source, other: Conversation, said: string | null): Promise<LabError> {
  if (said === null) return failure(source, 'could not be copied: something ended what copies it.');
  const all = `${said}\n${await other.rest().catch(() => '')}`.trim();
  return failure(source, `could not be copied: ${all.slice(-mostSaid)}`);
}

const failure = ({ title }: Source, what: string) => new LabError('start_failed', `${title} ${what}`);
