/** Files of a template that its programs get. */
import { parse } from 'yaml';
import { LabError } from '../lab/errors.ts';
import type { Json } from '../templates/types.ts';
import type { Environments } from './environment.ts';
import type { Piece } from './part.ts';

/** What is in a folder of the template, by path below it; nothing where there is no folder. */
export function filesBeneath(
  files: ReadonlyMap<string, Uint8Array>,
  folder: string | null,
): ReadonlyMap<string, Uint8Array> {
  if (folder === null) return new Map();
  const inside = [...files].filter(([name]) => name.startsWith(folder));
  return new Map(inside.map(([name, content]) => [name.slice(folder.length), content]));
}

/** A partner's or a load's file, filled, as JSON, which is YAML too. Throws LabError `start_failed`. */
export async function partnerConfig(environments: Environments, piece: Piece, file: string): Promise<string> {
  const bytes = piece.plan.version.files.get(file);
  if (bytes === undefined) throw new LabError('start_failed', `The template has no file ${file}.`);
  const content = parse(new TextDecoder().decode(bytes)) as Json;
  return JSON.stringify(await environments.fillFile(piece, content));
}
