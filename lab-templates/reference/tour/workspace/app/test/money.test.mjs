import { test } from 'node:test';

test('money', () => {});
