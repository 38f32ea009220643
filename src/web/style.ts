/** The pages' style: system fonts, no assets, light or dark as the reader's system is. */
import { createHash } from 'node:crypto';

export const style = `
:root { color-scheme: light dark; --ink: #1b2430; --soft: #5b6675; --paper: #fbfaf7; --card: #ffffff;
  --line: #e3e0d8; --accent: #0b6e5f; --code: #f1efe9; --warn: #8a5200 }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebef; --soft: #9aa6b5; --paper: #14181d; --card: #1b2127;
  --line: #2c343d; --accent: #5fd0b9; --code: #11151a; --warn: #f0b35a } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif }
main, header, footer { max-width: 64rem; margin: 0 auto; padding: 0 1.25rem }
header { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: baseline; padding-top: 1.5rem }
header strong { font-size: 1.1rem; letter-spacing: -.01em; margin-right: auto }
footer { color: var(--soft); font-size: .875rem; padding-top: 3rem; padding-bottom: 2rem }
h1 { font-size: clamp(1.8rem, 4vw, 2.6rem); line-height: 1.15; letter-spacing: -.02em; margin: 2.5rem 0 .75rem }
h2 { font-size: 1.15rem; margin: 0 0 .35rem }
p { margin: .5rem 0; max-width: 44rem }
a { color: var(--accent) }
.lead { font-size: 1.15rem; color: var(--soft) }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); margin: 2rem 0 }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.1rem 1.25rem; min-width: 0 }
.list { display: grid; gap: 1rem; margin: 1.5rem 0 }
.meta { color: var(--soft); font-size: .875rem; display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: .35rem 0; padding: 0; list-style: none }
.tag { border: 1px solid var(--line); border-radius: 1rem; padding: 0 .6rem }
.warn { color: var(--warn) }
ol { padding-left: 1.25rem; margin: .5rem 0 }
code, pre { font: .875rem/1.5 ui-monospace, monospace; background: var(--code); border-radius: .4rem }
code { padding: .1rem .35rem; overflow-wrap: anywhere }
pre { padding: .75rem 1rem; overflow-x: auto; margin: .75rem 0 0 }
pre code { padding: 0; background: none }
`;

/** Lets this style through and nothing else: no script, no image, no frame, no form. */
export const pagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
