/**
 * Text of others as it may be shown on a terminal: escape sequences and other control characters, with which a trainee
 * could rewrite an instructor's screen, are spelled out. Line breaks and tabs stay.
 */
export function plain(text: string): string {
  return [...text].map((one) => (isControl(one) ? spelledOut(one) : one)).join('');
}

function isControl(one: string): boolean {
  const code = one.codePointAt(0) ?? 0;
  if (one === '\n' || one === '\t') return false;
  return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

function spelledOut(one: string): string {
  return `\\x${(one.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`;
}
