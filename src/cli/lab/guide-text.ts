import type { Guide } from '../../grading/attempt-service.ts';
import { renderMarkdown } from '../markdown.ts';
import type { Colours } from '../terminal.ts';

/** The instructions and the tasks as one text. A task's own heading stands in for its title. */
export function renderGuide(colour: Colours, { instructions, tasks }: Guide): string {
  const parts = tasks.map(({ title, text, open }) => {
    const body = open ? (text?.trim() ?? '') : '*This opens when what comes before it is done.*';
    return body.startsWith('#') ? body : `## ${title}\n\n${body}`;
  });
  return renderMarkdown(colour, [instructions.trim(), ...parts].join('\n\n').trim());
}
