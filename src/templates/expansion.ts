/** How much a value becomes when each of its aliases is written out. */

// About what an item takes when it is written, with its comma and its indentation.
const itemSize = 4;

/**
 * Whether a value has more than about `most` characters when it is written, counting what stands in several places each time. Stops as
 * soon as it is known, so that a value that holds itself, or a bomb of aliases, costs no more than `most`.
 */
export function expandsBeyond(value: unknown, most: number): boolean {
  const open: unknown[] = [value];
  let size = 0;
  while (open.length > 0) {
    const one = open.pop();
    size += typeof one === 'string' ? one.length : itemSize;
    if (typeof one === 'object' && one !== null) {
      for (const [key, inner] of Object.entries(one)) {
        size += key.length;
        open.push(inner);
      }
    }
    if (size > most) return true;
  }
  return false;
}
