/** Instructions and task texts are there, and what they fill in is known. */
import { commonRoots, type Scene } from './scene.ts';
import { requireFile } from './validate-folder.ts';
import { checkMarkdown, checkShownText } from './validate-references.ts';

export function validateFiles(scene: Scene): void {
  const { instructions, tasks = [], questions = [], title, summary } = scene.authored;
  const roots = commonRoots(scene);
  if (instructions !== undefined) {
    requireFile(scene, instructions, ['instructions']);
    checkMarkdown(scene, instructions, roots);
  }
  for (const [index, task] of tasks.entries()) {
    checkShownText(scene, task.title, ['tasks', index, 'title'], roots);
    if (task.text === undefined) continue;
    requireFile(scene, task.text, ['tasks', index, 'text']);
    checkMarkdown(scene, task.text, roots);
  }
  for (const [index, question] of questions.entries()) {
    checkShownText(scene, question.ask, ['questions', index, 'ask'], roots);
  }
  // The catalogue shows these to people without a lab.
  for (const [key, text] of Object.entries({ title, summary })) {
    if (text?.includes('{{'))
      scene.report([key], 'bad_reference', `${key} is shown without a lab and holds no {{ }}`);
  }
}
