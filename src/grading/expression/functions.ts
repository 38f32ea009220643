/**
 * Every function that an expression may call: the one table behind the type check, the evaluation and the reference
 * page. What is not here cannot be called, whatever the CEL library offers.
 */
import { join, split } from './bounds.ts';
import { createLike } from './like.ts';
import * as lists from './lists.ts';
import {
  anyList,
  anyMap,
  bool,
  duration,
  dyn,
  listOf,
  number,
  optionalOf,
  string,
  type Type,
  timestamp,
} from './types.ts';

/** One way to call a function: `name(args)`, or `receiver.name(args)`. */
interface FunctionForm {
  readonly receiver: Type | null;
  readonly args: readonly Type[];
  /** The type of the result; from the types of receiver and arguments where it depends on them. */
  readonly gives: Type | ((types: readonly Type[]) => Type);
}

export interface FunctionSpec {
  readonly name: string;
  readonly forms: readonly FunctionForm[];
  readonly doc: string;
  readonly example: string;
  /** Ours: what it does. Absent: CEL's own function. */
  readonly run?: (...args: never[]) => unknown;
  /** What ours is called where CEL has one of this name, which cannot be replaced. */
  readonly runAs?: string;
  /** CEL's own returns an int: it is made a double, like every number. */
  readonly givesInt?: boolean;
  /** CEL's own takes ints at these arguments: doubles are cut to whole numbers. */
  readonly intArgs?: readonly number[];
}

export interface MacroSpec {
  readonly name: string;
  readonly usage: string;
  readonly doc: string;
  readonly example: string;
}

const fn = (args: readonly Type[], gives: FunctionForm['gives']): FunctionForm => ({
  receiver: null,
  args,
  gives,
});
const on = (receiver: Type, args: readonly Type[], gives: FunctionForm['gives']): FunctionForm => ({
  receiver,
  args,
  gives,
});
/** `name(list)` and `list.name()`. */
const both = (of: Type, gives: FunctionForm['gives']): FunctionForm[] => [fn([of], gives), on(of, [], gives)];
const itemOf = ([list]: readonly Type[]): Type => (list?.is === 'list' ? list.of : dyn);
const inside = ([outer]: readonly Type[]): Type => (outer?.is === 'optional' ? outer.of : dyn);
const itself = ([list]: readonly Type[]): Type => list ?? dyn;
const countable = [string, { is: 'bytes' } as const, anyList, anyMap];

function timePart(name: string, doc: string, alsoOf: readonly FunctionForm[] = []): FunctionSpec {
  const forms = [on(timestamp, [], number), on(timestamp, [string], number), ...alsoOf];
  return { name, forms, givesInt: true, doc, example: `t.${name}() == 1` };
}

/** The functions, by name. A fresh one each call: `like` keeps its compiled patterns to itself. */
export function createFunctions(): ReadonlyMap<string, FunctionSpec> {
  const added: readonly FunctionSpec[] = [
    {
      name: 'sum',
      forms: both(listOf(number), number),
      run: lists.sum,
      doc: 'The sum of a list of numbers; 0 of an empty one.',
      example: 'bill.rows.map(r, r.total).sum() == 120',
    },
    {
      name: 'avg',
      forms: both(listOf(number), number),
      run: lists.avg,
      doc: 'The mean of a list of numbers; of an empty one the expectation is not met.',
      example: 'avg(rows.map(r, r.ms)) < 50',
    },
    {
      name: 'max',
      forms: both(anyList, itemOf),
      run: lists.max,
      doc: 'The greatest of a list of numbers, texts, timestamps or durations.',
      example: 'max(rows.map(r, r.at)) > events.disaster.at',
    },
    {
      name: 'min',
      forms: both(anyList, itemOf),
      run: lists.min,
      doc: 'The least of a list of numbers, texts, timestamps or durations.',
      example: 'rows.map(r, r.n).min() >= 1',
    },
    {
      name: 'sort',
      forms: both(anyList, itself),
      run: lists.sort,
      doc: 'The list in ascending order. Text is ordered by code units, not by a locale.',
      example: 'sort(api.json.items.map(i, i.id)) == sort(row.rows.map(r, r.id))',
    },
    {
      name: 'p50',
      forms: both(anyList, itemOf),
      run: (list: readonly unknown[]) => lists.percentile('p50', 50, list),
      doc: 'The median by nearest rank: always one of the values.',
      example: 'calls.map(c, c.ms).p50() < 20',
    },
    {
      name: 'p95',
      forms: both(anyList, itemOf),
      run: (list: readonly unknown[]) => lists.percentile('p95', 95, list),
      doc: 'The 95th percentile by nearest rank: always one of the values.',
      example: 'calls.map(c, c.ms).p95() * 3 <= 300',
    },
    {
      name: 'gaps',
      forms: both(anyList, listOf(number)),
      run: lists.gaps,
      doc: 'The differences between neighbours of a list of timestamps (in seconds) or numbers, after sorting it.',
      example: 'gaps(calls.map(c, c.at)).all(g, g >= 2)',
    },
    {
      name: 'seconds',
      forms: both(duration, number),
      run: lists.seconds,
      doc: 'A duration in seconds, with its fraction.',
      example: 'seconds(up.steadyAt - events.disaster.done) <= params.recoveryTime',
    },
    {
      name: 'distinct',
      forms: both(anyList, itself),
      run: lists.distinct,
      doc: 'Each value of a list once, in the order in which they are first seen.',
      example: 'rows.map(r, r.id).distinct().size() == rows.size()',
    },
    {
      name: 'like',
      forms: [fn([string, string], bool), on(string, [string], bool)],
      run: createLike(),
      doc: 'Whether an RE2 pattern is found in the text; anchor it with ^ and $ for the whole. Takes linear time.',
      example: 'like(params.email, "^[^@]+@example[.]org$")',
    },
    {
      name: 'timestamp',
      forms: [fn([string], timestamp), fn([timestamp], timestamp), fn([number], timestamp)],
      doc: 'A timestamp from ISO 8601 text, from seconds since 1970, or from a timestamp.',
      example: 'timestamp("2025-01-01T00:00:00Z") < rows[0].at',
    },
  ];
  const standard: readonly FunctionSpec[] = [
    {
      name: 'size',
      forms: countable.flatMap((of) => both(of, number)),
      givesInt: true,
      doc: 'How many items a list, entries a map, characters a text or bytes a value has.',
      example: 'row.rows.size() == 1',
    },
    {
      name: 'string',
      forms: [string, bool, number, { is: 'bytes' } as const].map((from) => fn([from], string)),
      doc: 'As text. Numbers are printed as short as possible.',
      example: 'string(params.n) == row.rows[0].text',
    },
    {
      name: 'double',
      forms: [number, string].map((from) => fn([from], number)),
      doc: 'A number, also from its text.',
      example: 'double(row.rows[0].total) > 10',
    },
    {
      name: 'int',
      forms: [number, string].map((from) => fn([from], number)),
      givesInt: true,
      doc: 'A whole number: a fraction is cut off.',
      example: 'int(params.rate) == 49',
    },
    {
      name: 'bool',
      forms: [bool, string].map((from) => fn([from], bool)),
      doc: 'True or false, also from its text.',
      example: 'bool("true")',
    },
    {
      name: 'bytes',
      forms: [fn([string], { is: 'bytes' })],
      doc: 'The UTF-8 bytes of a text.',
      example: 'file.content == bytes("ok")',
    },
    {
      name: 'dyn',
      forms: [fn([dyn], dyn)],
      doc: 'The same value, its type known at run time only.',
      example: 'dyn(row.rows[0]).id == "1"',
    },
    {
      name: 'duration',
      forms: [fn([string], duration)],
      doc: 'A duration such as "1h30m", "15s" or "250ms".',
      example: 'up.steadyAt - events.disaster.at <= duration("15m")',
    },
    ...Object.entries({ contains: 'contains', startsWith: 'starts with', endsWith: 'ends with' }).map(
      ([name, does]) => ({
        name,
        forms: [on(string, [string], bool)],
        doc: `Whether a text ${does} another.`,
        example: `row.rows[0].reason.${name}("422")`,
      }),
    ),
    ...(['lowerAscii', 'upperAscii', 'trim'] as const).map((name) => ({
      name,
      forms: [on(string, [], string)],
      doc: {
        lowerAscii: 'In small letters.',
        upperAscii: 'In capitals.',
        trim: 'Without white space at its ends.',
      }[name],
      example: `answer.value.${name}() == "x"`,
    })),
    ...(['indexOf', 'lastIndexOf'] as const).map((name) => ({
      name,
      forms: [on(string, [string], number), on(string, [string, number], number)],
      givesInt: true,
      intArgs: [1],
      doc: `Where a text holds another ${name === 'indexOf' ? 'first' : 'last'}; -1 where it does not.`,
      example: `file.text.${name}("#") == 0`,
    })),
    {
      name: 'substring',
      forms: [on(string, [number], string), on(string, [number, number], string)],
      intArgs: [0, 1],
      doc: 'A part of a text, from one place up to another.',
      example: 'row.rows[0].id.substring(0, 4) == "INV-"',
    },
    {
      name: 'split',
      forms: [on(string, [string], listOf(string)), on(string, [string, number], listOf(string))],
      run: split,
      runAs: 'split_',
      doc: 'The parts of a text between separators.',
      example: 'file.text.split("\\n").size() > 3',
    },
    {
      name: 'join',
      forms: [on(listOf(string), [], string), on(listOf(string), [string], string)],
      run: join,
      runAs: 'join_',
      doc: 'The texts of a list in one, with a separator between them.',
      example: 'row.rows.map(r, r.id).join(",") == "1,2"',
    },
    {
      name: 'orValue',
      forms: [on(optionalOf(dyn), [dyn], inside)],
      doc: 'The optional value, or this one where there is none.',
      example: 'api.json.?total.orValue(0) == 3',
    },
    {
      name: 'or',
      forms: [on(optionalOf(dyn), [optionalOf(dyn)], itself)],
      doc: 'The optional value, or this other optional one where there is none.',
      example: 'api.json.?total.or(api.json.?count).orValue(0) == 3',
    },
    {
      name: 'hasValue',
      forms: [on(optionalOf(dyn), [], bool)],
      doc: 'Whether the optional value is there.',
      example: 'api.json.?next.hasValue()',
    },
    {
      name: 'value',
      forms: [on(optionalOf(dyn), [], inside)],
      doc: 'The optional value; where there is none the expectation is not met.',
      example: 'api.json.?total.value() == 3',
    },
    timePart('getFullYear', 'The year of a timestamp, in UTC or a named time zone.'),
    timePart('getMonth', 'The month, 0 to 11.'),
    timePart('getDate', 'The day of the month, 1 to 31.'),
    timePart('getDayOfMonth', 'The day of the month, 0 to 30.'),
    timePart('getDayOfWeek', 'The day of the week, Sunday is 0.'),
    timePart('getDayOfYear', 'The day of the year, from 0.'),
    timePart('getHours', 'The hour of a timestamp, or the whole hours of a duration.', [
      on(duration, [], number),
    ]),
    timePart('getMinutes', 'The minute of a timestamp, or the whole minutes of a duration.', [
      on(duration, [], number),
    ]),
    timePart('getSeconds', 'The second of a timestamp, or the whole seconds of a duration.', [
      on(duration, [], number),
    ]),
    timePart('getMilliseconds', 'The milliseconds of a timestamp or of a duration.', [
      on(duration, [], number),
    ]),
  ];
  return new Map([...added, ...standard].map((spec) => [spec.name, spec]));
}

export const macros: readonly MacroSpec[] = [
  {
    name: 'has',
    usage: 'has(a.b.c)',
    doc: 'Whether the last field of a path is there.',
    example: 'has(job.spec.suspend)',
  },
  {
    name: 'all',
    usage: 'list.all(x, condition)',
    doc: 'Whether every item meets it. True of an empty list: test its size too.',
    example: 'rows.size() > 0 && rows.all(r, r.ok)',
  },
  {
    name: 'exists',
    usage: 'list.exists(x, condition)',
    doc: 'Whether some item meets it.',
    example: 'rows.exists(r, r.id == "1")',
  },
  {
    name: 'exists_one',
    usage: 'list.exists_one(x, condition)',
    doc: 'Whether exactly one item meets it.',
    example: 'rows.exists_one(r, r.id == "1")',
  },
  {
    name: 'map',
    usage: 'list.map(x, value)',
    doc: 'The list of what becomes of each item; with a condition between, of those that meet it.',
    example: 'rows.map(r, r.id) == ["1", "2"]',
  },
  {
    name: 'filter',
    usage: 'list.filter(x, condition)',
    doc: 'The list of the items that meet it.',
    example: 'rows.filter(r, r.status == 422).size() == 1',
  },
];
