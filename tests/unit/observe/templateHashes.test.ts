import assert from 'node:assert/strict';
import { contentHash } from '../../../src/expect/epoch.ts';
import type { PodTemplate, Workload } from '../../../src/model.ts';
import { TemplateHashes } from '../../../src/observe/templateHashes.ts';
import { workload } from '../../builders/workload.ts';

const TEMPLATE: PodTemplate = { labels: { app: 'web' }, annotations: {}, spec: { nodeName: 'n' } };

/** A workload whose template counts how often it is read. */
function counted(given: Partial<Workload> = {}): { one: Workload; reads: () => number } {
  let reads = 0;
  const template = {
    ...TEMPLATE,
    get spec() {
      reads += 1;
      return TEMPLATE.spec;
    },
  };
  return { one: workload({ template, ...given }), reads: () => reads };
}

test('a template is hashed once for each version of its workload', () => {
  const hashes = new TemplateHashes();
  const { one, reads } = counted();
  const first = hashes.of(one);
  const once = reads();
  assert.equal(first, contentHash(TEMPLATE));
  assert.ok(once > 0);
  assert.equal(hashes.of({ ...one, template: one.template }), first);
  assert.equal(reads(), once);
  const changed = { ...one, resourceVersion: '2', template: { ...TEMPLATE, labels: { app: 'api' } } };
  assert.notEqual(hashes.of(changed), first);
});

test('what has no identity is hashed each time: it could be anything', () => {
  const hashes = new TemplateHashes();
  const [one, other] = [{ ...TEMPLATE }, { ...TEMPLATE, labels: {} }].map((template) =>
    workload({ uid: '', template }),
  );
  assert.notEqual(hashes.of(one as Workload), hashes.of(other as Workload));
});

test('a scan forgets what is gone from where it has looked', () => {
  const hashes = new TemplateHashes();
  const all = ['a', 'b'].map((namespace) => workload({ namespace, uid: `uid-${namespace}` }));
  for (const one of all) hashes.of(one);
  hashes.keepOnly([], 'c');
  assert.equal(hashes.size, 2);
  hashes.keepOnly([], 'a');
  assert.equal(hashes.size, 1);
  hashes.keepOnly([], undefined);
  assert.equal(hashes.size, 0);
});
