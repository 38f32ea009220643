/** What each lab's parameters are: a function of the lab's recorded seed, so that they can be drawn again. */
import { LabError } from '../lab/errors.ts';
import { drawEmail } from './draw-email.ts';
import { drawPattern } from './pattern.ts';
import { type RandomSource, randomSource } from './random.ts';
import { isObject } from './tree.ts';
import type { Json, ParameterSpec } from './types.ts';

/**
 * Draws every parameter from the seed and its own name: the same again for the same seed, and no parameter's value
 * depends on which others there are.
 *
 * @param survey rows found for each `row` parameter, by the parameter's name. Throws LabError `template_invalid` when there
 *   are none, or they lack the column: the template's query and its data do not fit.
 */
export function drawParameters(
  specs: Readonly<Record<string, ParameterSpec>>,
  seed: string,
  survey: Readonly<Record<string, readonly Json[]>>,
): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => {
      const rows = Object.hasOwn(survey, name) ? (survey[name] ?? []) : [];
      return [name, draw(name, spec, randomSource(seed, name), rows)];
    }),
  );
}

const secretLetters = 'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

function draw(name: string, spec: ParameterSpec, random: RandomSource, rows: readonly Json[]): Json {
  switch (spec.draw) {
    case 'fixed':
      return spec.value;
    case 'email':
      return drawEmail(random);
    case 'choice':
      return random.pick(spec.of) ?? null;
    case 'int':
      return random.int(spec.from, spec.to);
    case 'decimal':
      return drawDecimal(spec, random);
    case 'pattern':
      return drawPattern(spec.pattern, random.int);
    case 'secret':
      return Array.from(
        { length: spec.length },
        () => secretLetters[random.int(0, secretLetters.length - 1)],
      ).join('');
    case 'row':
      return drawRow(name, spec, random, rows);
  }
}

/** Counts whole steps and rounds to the written digits: 0.1 + 0.2 is 0.3. */
function drawDecimal(spec: ParameterSpec & { draw: 'decimal' }, random: RandomSource): number {
  const digits = Math.max(digitsOf(spec.from), digitsOf(spec.step));
  const scale = 10 ** digits;
  const from = Math.round(spec.from * scale);
  const step = Math.round(spec.step * scale);
  // A hair of room: (0.3 - 0.1) / 0.1 is 1.99…
  const steps = Math.floor((Math.round(spec.to * scale * 1e3) / 1e3 - from) / step);
  return Number(((from + step * random.int(0, Math.max(0, steps))) / scale).toFixed(digits));
}

function digitsOf(number: number): number {
  const [, fraction = '', exponent = '0'] = /^-?\d+(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(number)) ?? [];
  return Math.min(15, Math.max(0, fraction.length - Number(exponent)));
}

function drawRow(
  name: string,
  spec: ParameterSpec & { draw: 'row' },
  random: RandomSource,
  rows: readonly Json[],
): Json {
  const row = random.pick(rows);
  if (row === undefined) {
    throw new LabError(
      'template_invalid',
      `The parameter "${name}" is drawn from rows of "${spec.component}", and its query finds none there.`,
      { extra: { parameter: name } },
    );
  }
  if (spec.column === null) return row;
  const value = isObject(row) && Object.hasOwn(row, spec.column) ? row[spec.column] : undefined;
  if (value === undefined) {
    const known = isObject(row) ? Object.keys(row).join(', ') : 'none';
    throw new LabError(
      'template_invalid',
      `The parameter "${name}" takes the column "${spec.column}", which its query does not give; it gives: ${known}.`,
      { extra: { parameter: name } },
    );
  }
  return value;
}
