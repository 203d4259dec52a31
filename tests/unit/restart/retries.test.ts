import assert from 'node:assert/strict';
import type { WorkloadKey } from '../../../src/model.ts';
import { Retries } from '../../../src/restart/retries.ts';
import { NOW } from '../../builders/workload.ts';

const key = (name: string): WorkloadKey => `Deployment/shop/${name}`;

test('errors in a row double the wait, up to a minute', () => {
  const retries = new Retries();
  const waits = Array.from({ length: 9 }, () => {
    retries.failed(key('a'), NOW, new Error('no'));
    return ((retries.pending().get(key('a'))?.until ?? 0) - NOW) / 1000;
  });
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
});

test('what is gone is forgotten, and begins anew when it comes back', () => {
  const retries = new Retries();
  for (let index = 0; index < 1000; index++) retries.failed(key(`gone-${index}`), NOW, 'no');
  for (let count = 0; count < 5; count++) retries.failed(key('there'), NOW, 'no');
  retries.keepOnly((one) => one === key('there'));
  assert.deepEqual([...retries.pending().keys()], [key('there')]);
  retries.keepOnly(() => false);
  retries.failed(key('there'), NOW, 'no');
  assert.equal(retries.pending().get(key('there'))?.until, NOW + 1000);
});
