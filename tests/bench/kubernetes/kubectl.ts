import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** What it prints. Throws an error with what it says was wrong. @param input its standard input. */
export async function kubectl(signal: AbortSignal, args: readonly string[], input = ''): Promise<string> {
  const child = spawn('kubectl', args, { signal });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code, said, wrong] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code !== 0) throw new Error(`kubectl ${args[0]} failed: ${wrong.slice(-2_000)}`);
  return said;
}
