/** `/`: what runs here and where to go. */
import type { BackendFacts } from '../http/deps.ts';
import type { Readiness } from '../http/readiness.ts';
import { type Html, html } from './html.ts';
import { layout } from './layout.ts';

export interface HomeFacts {
  readonly templates: number;
  readonly backends: readonly BackendFacts[];
  readonly readiness: Readiness;
  readonly version: string;
}

export function homePage(facts: HomeFacts): Html {
  const { templates, backends, readiness, version } = facts;
  const parts = Object.entries(readiness.parts);
  const open = backends.filter((backend) => !backend.isolation);
  return layout(
    'Labwright',
    html`
<h1>A lab of your own, in seconds</h1>
<p class="lead">Each trainee gets an isolated, disposable copy of a working platform. They work in it, ask how far
they are, reset what they broke, and hand it in. It is graded by what they leave there.</p>
<div class="grid">
  <section class="card"><h2>Catalogue</h2>
    <p>${templates === 1 ? 'One lab' : `${templates} labs`} can be started here.</p>
    <p><a href="/catalogue">See the catalogue</a></p></section>
  <section class="card"><h2>API</h2>
    <p>JSON over HTTP with a token. Every route, with its fields and errors.</p>
    <p><a href="/docs">Browse the API</a> · <a href="/openapi.json">OpenAPI 3.1</a></p></section>
  <section class="card"><h2>Running here</h2>
    <ul class="meta">${parts.map(
      ([name, state]) => html`<li class="${state === 'up' ? 'tag' : 'tag warn'}">${name}: ${state}</li>`,
    )}</ul>
    <p>Version ${version}, ${readiness.ready ? 'answering requests' : 'not able to answer requests now'}.</p></section>
</div>
${open.map(
  ({ name }) =>
    html`<p class="warn">Backend ${name} keeps labs apart by accounts and folders only. It is no security boundary
between hostile trainees: use it on your own machine, in CI and to try things out.</p>`,
)}`,
  );
}
