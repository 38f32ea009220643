import type { Note } from './schemas.ts';

/** One note on a sheet of paper, for technicians who take it along. */
export function pageOf(note: Note): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>${note.customer_name}</title>
  </head>
  <body>
    <article title="${note.subject}">
      <h1>${note.subject}</h1>
      <p class="about">${note.category} with ${note.customer_name}, ${note.created_at}</p>
      <p>${note.body}</p>
    </article>
  </body>
</html>
`;
}
