import type { Database } from '../database.ts';

/** Null when nothing is stored at this address. */
export async function readEvidence(db: Database, address: string): Promise<Uint8Array | null> {
  const [row] = await db.query<{ bytes: Buffer }>({
    name: 'evidence',
    text: 'select bytes from evidence where address = $1',
    values: [address],
  });
  return row === undefined ? null : new Uint8Array(row.bytes);
}
