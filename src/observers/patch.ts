/** Unified diffs over texts: what a trainee's file becomes, or what keeps the patch from fitting. */
import { applyPatch, parsePatch } from 'diff';

/** A file of a patch and its hunks; null as `from` or `to`: it is made, or deleted. */
export interface FilePatch {
  readonly from: string | null;
  readonly to: string | null;
  apply(text: string): string | null;
}

/** @throws Error when it is no unified diff. */
export function readPatch(text: string): readonly FilePatch[] {
  return parsePatch(text)
    .filter((one) => one.hunks.length > 0)
    .map((one) => ({
      from: nameOf(one.oldFileName),
      to: nameOf(one.newFileName),
      apply(content) {
        const applied = applyPatch(content, one);
        return applied === false ? null : applied;
      },
    }));
}

/** `a/src/x.ts` and `b/src/x.ts` are how git says `src/x.ts`. */
function nameOf(written: string | undefined): string | null {
  if (written === undefined || written === '/dev/null') return null;
  return written.replace(/^[ab]\//, '');
}
