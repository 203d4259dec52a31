import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { NEEDS, skipped } from '../live/anyCluster.ts';

const files = globSync('tests/live/*.test.ts').map((file) => basename(file, '.test.ts'));
const GIVEN = { E2E_KUBECONFIG: 'a-kubeconfig' };

test('every file of live scenarios says what it needs of a cluster', () =>
  assert.deepEqual(Object.keys(NEEDS), files.sort()));

for (const [file, { tests = {} }] of Object.entries(NEEDS))
  for (const name of Object.keys(tests))
    test(`${file} has the test "${name}"`, () =>
      assert.ok(readFileSync(`tests/live/${file}.test.ts`, 'utf8').includes(`test('${name}'`)));

test('on a testbed nothing is skipped but what needs programs that are not built', () => {
  assert.deepEqual(skipped({}, true), []);
  assert.deepEqual(
    skipped({}, false).map(({ file }) => file),
    ['twoIstiods'],
  );
});

test('on a given cluster everything that is skipped has its reason', () => {
  for (const { because } of skipped(GIVEN)) assert.match(because, /^\w.* /);
  assert.ok(skipped(GIVEN).some(({ file, test: name }) => file === 'crash' && name === undefined));
});

test('tags and relabelled namespaces need no permission, an upgrade in place does', () => {
  const whole = (environment: NodeJS.ProcessEnv): string[] =>
    skipped(environment).flatMap(({ file, test: name }) => (name === undefined ? file : []));
  const asked = new Set(whole({ ...GIVEN, E2E_ISTIO_UPGRADE: '1' }));
  assert.deepEqual(
    whole(GIVEN).filter((file) => !asked.has(file)),
    ['budgets', 'halts', 'kinds', 'optOut', 'upgrade'],
  );
  assert.ok(!whole(GIVEN).includes('revisions'));
});
