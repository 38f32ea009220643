import type { Note } from './schemas.ts';

/** One note on a sheet of paper, for technicians who take it along. */
export function pageOf(note: Note): string {
  const customer = escapeHtml(note.customer_name);
  const subject = escapeHtml(note.subject);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>${customer}</title>
  </head>
  <body>
    <article title="${subject}">
      <h1>${subject}</h1>
      <p class="about">${escapeHtml(note.category)} with ${customer}, ${escapeHtml(note.created_at)}</p>
      <p>${escapeHtml(note.body)}</p>
    </article>
  </body>
</html>
`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and for attributes in quotes: whatever people wrote is shown, and is nothing but text. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
