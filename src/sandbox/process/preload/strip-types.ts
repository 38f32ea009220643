/**
 * Loaded before a trainee's copy of the sample API: takes the types off its files once a content and not once a lab.
 * Node keeps what it has compiled by path, and the path of a copy is new in every lab and fork; without this a start
 * takes nearly twice the processor time (0.45 s instead of 0.26). Written without types of its own: it is run as it is.
 */
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';

const folder = new URL(import.meta.url).searchParams.get('cache') ?? '';

function stripped(source = '') {
  const path = `${folder}/${createHash('sha256').update(process.version).update(source).digest('hex')}`;
  try {
    return readFileSync(path, 'utf8');
  } catch {
    const code = stripTypeScriptTypes(source);
    try {
      writeFileSync(`${path}.${process.pid}`, code);
      renameSync(`${path}.${process.pid}`, path);
    } catch {
      // It is only slower without.
    }
    return code;
  }
}

registerHooks({
  load(url, context, next) {
    if (!url.startsWith('file:') || !url.endsWith('.ts') || url.includes('/node_modules/'))
      return next(url, context);
    try {
      const source = stripped(readFileSync(fileURLToPath(url), 'utf8'));
      return { format: 'module', source, shortCircuit: true };
    } catch {
      // Node itself says best what is wrong with a file.
      return next(url, context);
    }
  },
});
