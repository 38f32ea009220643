import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPartner } from '../src/partner.ts';
import { isGenuine } from '../src/webhook.ts';

test('the parts are there', () => {
  assert.equal(typeof createPartner, 'function');
  assert.equal(typeof isGenuine, 'function');
});

test('what has no signature is refused', () => {
  assert.equal(isGenuine(undefined, '{}', 'secret', new Date()), false);
});
