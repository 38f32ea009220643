/** Texts for trainees that give away what they should find: the right answer to a question, or a step of a solution. */
import type { Path } from './problem.ts';
import { type RightAnswer, rightAnswers } from './right-answers.ts';
import type { Scene } from './scene.ts';
import type { ComponentSpec } from './types.ts';

type AuthoredCheck = NonNullable<Scene['authored']['checks']>[number];

/** A text that trainees may read before they have the points. */
interface Shown {
  /** What it is, for the author. */
  readonly what: string;
  readonly text: string;
  readonly report: (offset: number, message: string) => void;
}

export function lintTold(scene: Scene): void {
  const checks = [...(scene.authored.checks ?? []).entries()];
  const pages = pagesOf(scene);
  const steps = solutionTexts(scene);
  for (const [index, check] of checks) {
    const texts = textsOf(scene, check, index);
    for (const right of rightAnswers(scene, check)) {
      for (const shown of texts) tellsAnswer(shown, right);
      for (const shown of askedIn(scene, right.question)) tellsAnswer(shown, right);
      // What a page says in its own words it may well have to teach; what is filled in is the answer itself.
      if (right.filledIn) for (const shown of pagesFor(scene, pages, check.id)) tellsAnswer(shown, right);
    }
    for (const shown of texts) showsStep(shown, steps);
  }
  for (const shown of [...pages.values(), ...workspaceFiles(scene)]) showsStep(shown, steps);
}

function tellsAnswer({ what, text, report }: Shown, { question, said, foundIn }: RightAnswer): void {
  const offset = foundIn(text);
  if (offset >= 0) report(offset, `${what} tells ${said}, the right answer to "${question}"`);
}

function showsStep({ what, text, report }: Shown, steps: ReturnType<typeof solutionTexts>): void {
  const flat = flattened(text);
  const step = steps.find((one) => flat.includes(one.text));
  if (step !== undefined) report(0, `${what} shows the step "${step.id}" of the solution "${step.solution}"`);
}

const shownAt =
  (scene: Scene) =>
  (path: Path, what: string, text: string): Shown => ({
    what,
    text,
    report: (offset, message) => scene.report(path, 'secret_shown', message, { offset, severity: 'warning' }),
  });

function textsOf(scene: Scene, check: AuthoredCheck, index: number): readonly Shown[] {
  const path = ['checks', index];
  const shown = shownAt(scene);
  let cost = 0;
  return [
    shown([...path, 'title'], 'the title', check.title),
    ...check.expect.map((one, at) => shown([...path, 'expect', at, 'else'], 'the message', one.else)),
    ...check.hints.flatMap(({ text, penalty }, at) => {
      cost += penalty;
      // Who has paid for all of it may be told all of it.
      return cost >= check.points ? [] : [shown([...path, 'hints', at, 'text'], 'the hint', text)];
    }),
  ];
}

function askedIn(scene: Scene, question: string): readonly Shown[] {
  const shown = shownAt(scene);
  return [...(scene.authored.questions ?? []).entries()].flatMap(([index, { id, ask }]) =>
    id === question ? [shown(['questions', index, 'ask'], 'the question', ask)] : [],
  );
}

/** The instructions and the texts of tasks, by file. */
function pagesOf(scene: Scene): ReadonlyMap<string, Shown> {
  const { instructions, tasks = [] } = scene.authored;
  const named = [instructions, ...tasks.map((task) => task.text)].filter((file) => file !== undefined);
  return new Map(
    [...new Set(named)].flatMap((file) => {
      const page = shownFile(scene, file, 'the page');
      return page === null ? [] : [[file, page]];
    }),
  );
}

/** What trainees find in their workspace. */
function workspaceFiles(scene: Scene): readonly Shown[] {
  const components: readonly ComponentSpec[] = Object.values(scene.authored.components ?? {});
  const folders = components.flatMap((one) =>
    one.kind === 'shell' && one.files !== null ? [one.files] : [],
  );
  return [...scene.files.keys()]
    .filter((file) => folders.some((folder) => file.startsWith(folder)))
    .flatMap((file) => shownFile(scene, file, 'the file') ?? []);
}

function shownFile(scene: Scene, file: string, what: string): Shown | null {
  const text = textOf(scene, file);
  if (text === null) return null;
  const report = (offset: number, message: string) =>
    scene.reportIn(file, text, offset, 'secret_shown', message, 'warning');
  return { what, text, report };
}

function textOf({ files }: Scene, file: string): string | null {
  const bytes = files.get(file);
  return bytes === undefined ? null : new TextDecoder().decode(bytes);
}

/** A later task may go on from the answer. */
function pagesFor(scene: Scene, pages: ReadonlyMap<string, Shown>, check: string): readonly Shown[] {
  const { instructions, tasks = [] } = scene.authored;
  const own = tasks.filter((task) => task.checks.includes(check)).map((task) => task.text);
  return [instructions, ...own].flatMap((file) => {
    const page = file === undefined ? undefined : pages.get(file);
    return page === undefined ? [] : [page];
  });
}

/** Shorter ones are what everybody would write. */
const shortestStep = 30;

/** Statements and files that solutions write and that are long enough to be theirs alone. */
function solutionTexts(scene: Scene) {
  return Object.entries(scene.authored.solutions ?? {}).flatMap(([solution, steps]) =>
    steps.flatMap((step) => {
      if (!('kind' in step)) return [];
      const { statement, text: written, from } = step.spec;
      return [statement, written, typeof from === 'string' ? textOf(scene, from) : null]
        .filter((text) => typeof text === 'string')
        .map((text) => ({ solution, id: step.id ?? '', text: flattened(text) }))
        .filter(({ text }) => text.length >= shortestStep);
    }),
  );
}

const flattened = (text: string) =>
  text
    .replace(/\s+/g, ' ')
    .replace(/;?\s*$/, '')
    .trim();
