/** What checks hold the answers to questions against, and whether a text tells it. */
import { referencesIn } from './references.ts';
import type { Scene } from './scene.ts';
import type { LookSpec } from './types.ts';

type AuthoredCheck = NonNullable<Scene['authored']['checks']>[number];

export interface RightAnswer {
  readonly question: string;
  /** As the author would write it in a text. */
  readonly said: string;
  /** It is a value of the lab's, told by `{{ }}`; else a literal. */
  readonly filledIn: boolean;
  /** Where a text tells it; -1 where it does not. */
  readonly foundIn: (text: string) => number;
}

const operand = String.raw`"[^"]*"|'[^']*'|-?\d+(?:\.\d+)?|[A-Za-z_][\w.[\]]*`;

/** Literals and values that a check compares answers with. Of a choice there are none: all of its options are shown. */
export function rightAnswers({ authored }: Scene, check: AuthoredCheck): readonly RightAnswer[] {
  const shared: Readonly<Record<string, LookSpec>> = authored.observations ?? {};
  const expressions = check.expect.flatMap((one) => [one.that, ...one.partial.map(({ that }) => that)]);
  return Object.entries({ ...shared, ...check.observe }).flatMap(([name, { kind, spec }]) => {
    const asked = authored.questions?.find(({ id }) => kind === 'answer' && id === spec.question);
    if (asked === undefined || asked.kind === 'choice') return [];
    const operands = new Set(expressions.flatMap((that) => comparedWith(name, that)));
    return [...operands].flatMap((one) => tellable(asked.id, one));
  });
}

/** The other sides of `name.value == …`, as they stand in the expression. */
function comparedWith(name: string, that: string): readonly string[] {
  const answer = String.raw`(?<![\w.])${name}\.(?:value|text)`;
  const compared = new RegExp(
    String.raw`${answer}\s*==\s*(${operand})|(${operand})\s*==\s*${answer}|${answer}\s+in\s*\[([^\]]*)\]`,
    'g',
  );
  return [...that.matchAll(compared)].flatMap(([, after, before, among]) =>
    among === undefined ? [after ?? before ?? ''] : among.split(',').map((one) => one.trim()),
  );
}

/** Shorter words and numbers stand in texts by chance. */
const shortestLiteral = 3;

function tellable(question: string, operand: string): readonly RightAnswer[] {
  const literal = /^(?:(["'])(.*)\1|(-?[\d.]+))$/s.exec(operand);
  if (literal === null) {
    // A name alone is a whole observation, which no text shows.
    if (!operand.includes('.')) return [];
    const foundIn = (text: string) => referencesIn(text).find((one) => one.text === operand)?.offset ?? -1;
    return [{ question, said: `{{${operand}}}`, filledIn: true, foundIn }];
  }
  const value = literal[2] ?? literal[3] ?? '';
  if (value.length < shortestLiteral) return [];
  const word = new RegExp(String.raw`(?<![\w.])${value.replace(/[^\w\s]/g, '\\$&')}(?!\w|\.\w)`, 'i');
  return [{ question, said: operand, filledIn: false, foundIn: (text) => text.search(word) }];
}
