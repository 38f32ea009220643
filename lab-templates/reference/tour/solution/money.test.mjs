import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cents } from '../money.mjs';

test('rounds halves up', () => {
  assert.equal(cents('0.295'), 30);
  assert.equal(cents('12.5'), 1250);
});
