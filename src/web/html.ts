/** HTML by template literals: whatever is put in is escaped, unless it is HTML made here. */

const made = Symbol('html');

export interface Html {
  readonly [made]: string;
}

type Part = Html | string | number | readonly Html[];

/** `html\`<p>${text}</p>\``: safe in text and in quoted attribute values. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const text = strings.reduce((out, string, i) => {
    const part = parts[i];
    return out + string + (part === undefined ? '' : render(part));
  }, '');
  return { [made]: text };
}

/** The text to send. */
export function textOf(page: Html): string {
  return page[made];
}

/** For text of our own that must not be escaped, such as a style sheet. */
export function trusted(text: string): Html {
  return { [made]: text };
}

function render(part: Part): string {
  if (typeof part === 'string') return escapeHtml(part);
  if (typeof part === 'number') return String(part);
  if (made in part) return part[made];
  return part.map(textOf).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
