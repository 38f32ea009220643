/** The first tokens of an installation. */
import { randomBytes } from 'node:crypto';
import { hashToken, mintToken } from '../http/token.ts';
import type { TokenStore } from '../lab/tokens.ts';
import { readTokens, type SavedTokens, saveTokens } from './data-folder.ts';

const firstRoles = ['trainee', 'instructor', 'admin'] as const;

/**
 * The tokens that this data folder knows, made when the installation has none at all. Null: others have made tokens
 * and their text is known to them only. Saved before they are recorded, so that a kill in between loses none.
 */
export async function ensureTokens(tokens: TokenStore, dataDir: string): Promise<SavedTokens | null> {
  let saved = readTokens(dataDir);
  if (saved === null) {
    if ((await tokens.list()).length > 0) return null;
    const plain = () => mintToken(randomBytes).plain;
    saved = { trainee: plain(), instructor: plain(), admin: plain() };
    saveTokens(dataDir, saved);
  }
  for (const role of firstRoles) {
    const hash = hashToken(saved[role]);
    if ((await tokens.findByHash(hash)) !== null) continue;
    const { id } = mintToken(randomBytes);
    await tokens.create({ id, role, subject: role, name: 'made at the first start', hash, ttlSeconds: null });
  }
  return saved;
}
