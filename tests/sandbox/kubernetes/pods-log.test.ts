import { describe, expect, it } from 'vitest';
import { endingIn, wordsOf } from '../../../src/sandbox/kubernetes/pods/supervised-log.ts';

const mark = '\u001e';

describe('the log of a supervised program', () => {
  const twice = `${mark}began 1\none\n\n${mark}ended 1 0 0\n${mark}began 2\ntwo`;

  it('is what the program printed, of all runs or of this one', () => {
    expect(wordsOf(twice, 1_000, 'all')).toBe('one\ntwo');
    expect(wordsOf(twice, 1_000, 'this run')).toBe('two');
    expect(wordsOf(`cut off\n${mark}ended 1 0 0\n`, 1_000, 'all')).toBe('cut off\n');
    expect(wordsOf('', 1_000, 'this run')).toBe('');
  });

  it('is its newest end', () => {
    expect(wordsOf(twice, 5, 'all')).toBe('e\ntwo');
  });

  it('tells how the last run ended, and that one runs', () => {
    expect(endingIn(twice)).toBeNull();
    expect(endingIn(`${twice}\n${mark}ended 2 143 0\n`)).toEqual({ exitCode: 143, outOfMemory: false });
    expect(endingIn(`words\n${mark}ended 2 137 1\n`)).toEqual({ exitCode: 137, outOfMemory: true });
    expect(endingIn(`\n${mark}ended 2 lost 0\n`)).toEqual({ exitCode: null, outOfMemory: false });
    expect(endingIn('words')).toBeNull();
  });
});
