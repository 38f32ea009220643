import type { Colours } from './terminal.ts';

/** Markdown as it was written, with headings, code and emphasis standing out. Pure. */
export function renderMarkdown(colour: Colours, markdown: string): string {
  let inCode = false;
  return markdown
    .split('\n')
    .flatMap((line) => {
      if (/^\s*```/.test(line)) {
        inCode = !inCode;
        return [];
      }
      if (inCode) return [`    ${colour.cyan(line)}`];
      const heading = /^#{1,6}\s+(.*)$/.exec(line)?.[1];
      if (heading !== undefined) return [colour.bold(heading)];
      return [
        line
          .replace(/`([^`]+)`/g, (_, code: string) => colour.cyan(code))
          .replace(/\*\*([^*]+)\*\*/g, (_, text: string) => colour.bold(text)),
      ];
    })
    .join('\n');
}
