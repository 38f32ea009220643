import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** scrypt with the parameters of Node's defaults (N 16384, r 8, p 1): `salt:hash` in hexadecimal. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  return `${salt.toString('hex')}:${(await derive(password, salt)).toString('hex')}`;
}

export async function passwordMatches(password: string, stored: string): Promise<boolean> {
  const [salt = '', hash = ''] = stored.split(':');
  const found = await derive(password, Buffer.from(salt, 'hex'));
  const wanted = Buffer.from(hash, 'hex');
  return wanted.length === found.length && timingSafeEqual(found, wanted);
}

/** Compares two texts in a time that does not tell where they differ. */
export function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 32, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
