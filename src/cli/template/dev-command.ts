/** What can be typed at the prompt of `template dev`. Pure. */

const plain = ['help', 'quit', 'remake', 'reset', 'all', 'list', 'access', 'problems'] as const;
const named = ['check', 'solve', 'step', 'wrong', 'look', 'watch', 'sql'] as const;

export type DevCommand =
  | { readonly do: (typeof plain)[number] | 'again' }
  /** `name` is empty where nothing was named. */
  | { readonly do: (typeof named)[number]; readonly name: string };

const short: Readonly<Record<string, DevCommand['do']>> = {
  '?': 'help',
  h: 'help',
  q: 'quit',
  exit: 'quit',
  r: 'remake',
  ls: 'list',
};

/** Any other word is a check's id or number; an empty line is what was done last. */
export function parseDevCommand(line: string): DevCommand {
  const text = line.trim();
  if (text === '') return { do: 'again' };
  const [, word = '', name = ''] = /^(\S+)\s*(.*)$/s.exec(text) ?? [];
  const known = Object.hasOwn(short, word) ? short[word] : word;
  const alone = plain.find((one) => one === known);
  if (alone !== undefined && name === '') return { do: alone };
  const about = named.find((one) => one === known);
  if (about !== undefined) return { do: about, name };
  return { do: 'check', name: text };
}

export const devHelp: readonly (readonly [string, string])[] = [
  ['<check>', 'grade this check alone, by its id or number; Enter does it again'],
  ['all', 'grade all, as an attempt would'],
  ['list', 'the checks with their numbers'],
  ['look <name>', 'what an observation shows now (<check>.<name> where several have it)'],
  ['solve [name]', 'run the steps of a solution'],
  ['step <id>', 'run one step (<solution>.<id> where several have it)'],
  ['wrong <id>', 'run a wrong way, grade all, and say whether exactly the right checks fell'],
  ['watch <check>', 'grade it again at every save; `watch off` ends that'],
  ['sql <statement>', "in the lab's database, as its trainee"],
  ['access', 'how to reach the lab'],
  ['problems', 'all that is wrong with the template now, warnings too'],
  ['reset', 'put the lab back to its start'],
  ['r', 'make the lab anew from the folder as it is now'],
  ['q', 'leave'],
];
