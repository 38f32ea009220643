/** What the commands about releases send and show. */
import type { Released, VersionView } from '../../lab/releases/release-service.ts';
import type { Wire } from '../lab/wire.ts';
import type { Terminal } from '../terminal.ts';

export interface Versions {
  readonly template: string;
  readonly items: readonly Wire<VersionView>[];
}

/** `/templates/<id>/…`, whatever was typed. */
export function templatePath(id: string, rest: string): string {
  return `/templates/${encodeURIComponent(id)}/${rest}`;
}

/** As much of a hash as people read. */
export function short(hash: string): string {
  return hash.slice(0, 12);
}

export function renderReleased({ colour }: Pick<Terminal, 'colour'>, id: string, done: Released): string {
  const now = `Trainees get ${colour.bold(short(done.hash))} of ${id}`;
  if (!done.changed) return `${now}, as before.`;
  return done.before === null ? `${now}.` : `${now}; it was ${short(done.before)}.`;
}
