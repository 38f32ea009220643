/** `/catalogue`: the labs that can be started, and how. */
import type { BackendFacts } from '../http/deps.ts';
import type { Readiness } from '../http/readiness.ts';
import type { Template } from '../templates/types.ts';
import { type Html, html } from './html.ts';
import { layout } from './layout.ts';

export function cataloguePage(
  templates: readonly Template[],
  /** Folders that do not load. */
  broken: readonly string[],
  backends: readonly BackendFacts[],
  readiness: Readiness,
): Html {
  const here = new Set(backends.map((backend) => backend.name));
  const sorted = [...templates].sort((a, b) => a.title.localeCompare(b.title));
  const none = html`<p>No template was found. Put templates into the templates folder and reload.</p>`;
  return layout(
    'Catalogue · Labwright',
    html`
<h1>Catalogue</h1>
<p class="lead">Start one from the command line, or with a token over the API.</p>
<div class="list">${sorted.length === 0 ? none : sorted.map((template) => card(template, here, readiness))}</div>
${broken.length === 0 ? html`` : brokenNote(broken)}`,
  );
}

function brokenNote(ids: readonly string[]): Html {
  const what = ids.length === 1 ? 'One template does' : `${ids.length} templates do`;
  return html`<p class="warn">${what} not load: ${ids.join(', ')}. <code>labwright template lint</code> says why.</p>`;
}

function card(template: Template, here: ReadonlySet<string>, readiness: Readiness): Html {
  const { id, title, summary, level, minutes, tasks, competencies } = template;
  const usable = template.backends.filter((name) => here.has(name));
  return html`
<article class="card" id="${id}">
  <h2>${title}</h2>
  <ul class="meta"><li>${level}</li><li>about ${minutes} minutes</li><li>${points(template)} points</li>
    ${competencies.map((name) => html`<li class="tag">${name}</li>`)}</ul>
  <p>${summary}</p>
  <ol>${tasks.map((task) => html`<li>${task.title}</li>`)}</ol>
  <ul class="meta">${template.backends.map((name) => backendNote(name, usable.includes(name), readiness))}</ul>
  ${
    usable.length === 0
      ? html``
      : html`<pre><code>labwright lab create ${id}

curl -X POST "$LABWRIGHT_URL/api/v1/labs" \\
  -H "Authorization: Bearer $LABWRIGHT_TOKEN" -H "Content-Type: application/json" \\
  -d '{"template":"${id}"}'</code></pre>`
  }
</article>`;
}

function points(template: Template): number {
  return template.checks.reduce((sum, check) => sum + check.points, 0);
}

function backendNote(name: string, usable: boolean, readiness: Readiness): Html {
  if (!usable) return html`<li>${name}: not enabled here</li>`;
  const down = readiness.parts[`backend:${name}`] === 'down';
  return down
    ? html`<li class="warn">${name}: down at the moment</li>`
    : html`<li>${name}: ready to use</li>`;
}
