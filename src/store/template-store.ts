/** Template versions by hash, as whole bundles: what a lab is pinned to outlives the folder that it came from. */
import type pg from 'pg';
import type { TemplateStore } from '../lab/ports.ts';
import type { TemplateVersion } from '../templates/types.ts';
import { createDatabase } from './database.ts';

export interface BundleCodec {
  encode(version: TemplateVersion): Uint8Array;
  decode(bytes: Uint8Array): TemplateVersion;
}

/** Throws `database_unavailable`, and what the codec throws. */
export function createTemplateStore(pool: pg.Pool, codec: BundleCodec): TemplateStore {
  const db = createDatabase(pool);
  return {
    async save(version) {
      // Most saves are of a version that is there: one look is cheaper than making and sending a bundle.
      const known = await db.query({
        name: 'template_known',
        text: 'select from template_versions where hash = $1',
        values: [version.hash],
      });
      if (known.length > 0) return;
      await db.query({
        text: `
          insert into template_versions (hash, template_id, bundle) values ($1, $2, $3)
          on conflict do nothing`,
        values: [version.hash, version.template.id, Buffer.from(codec.encode(version))],
      });
    },
    async load(hash) {
      const [row] = await db.query<{ bundle: Buffer }>({
        name: 'template_bundle',
        text: 'select bundle from template_versions where hash = $1',
        values: [hash],
      });
      return row === undefined ? null : codec.decode(row.bundle);
    },
  };
}
