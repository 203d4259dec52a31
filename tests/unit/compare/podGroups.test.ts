import assert from 'node:assert/strict';
import { PodGroups, PodsByController, replaceable } from '../../../src/compare/podGroups.ts';
import type { PodFacts } from '../../../src/model.ts';
import { pod, sidecar, workload } from '../../builders/workload.ts';

const WEB = workload();
const DB = workload({ kind: 'StatefulSet', name: 'db' });

/** How many groups two pods form, of which the second differs so from the first. */
function groupsOf(given: Partial<PodFacts>): number {
  const groups = new PodGroups();
  groups.add(pod(WEB), 'web');
  groups.add(pod(WEB, given), 'web');
  return groups.of('web').length;
}

const differences: [what: string, given: Partial<PodFacts>][] = [
  ['the image', { sidecar: sidecar({ image: 'docker.io/istio/proxyv2:1.29.0' }) }],
  ['the revision', { sidecar: sidecar({ revision: 'canary' }) }],
  ['the place of the sidecar', { sidecar: sidecar({ placement: 'initContainer' }) }],
  ['the mark of the injector', { sidecar: sidecar({ injected: false }) }],
  ['the template', { templateHash: 'other' }],
  ['whether it is Ready', { ready: false }],
  ['what asks not to be disrupted', { doNotDisrupt: 'karpenter.sh/do-not-disrupt: "true"' }],
];
for (const [what, given] of differences)
  test(`pods that differ in ${what} are told apart`, () => assert.equal(groupsOf(given), 2));

test('pods that differ in nothing that matters are counted together, with the age of the youngest', () => {
  const groups = new PodGroups();
  for (const createdAt of [1, 3, 2]) groups.add(pod(WEB, { name: `web-${createdAt}`, createdAt }), 'web');
  assert.deepEqual(
    groups.of('web').map(({ count, youngest }) => [count, youngest]),
    [[3, 3]],
  );
});

const over: [what: string, given: Partial<PodFacts>][] = [
  ['is terminating', { deleting: true }],
  ['has failed', { phase: 'Failed' }],
  ['has succeeded', { phase: 'Succeeded' }],
];
for (const [what, given] of over)
  test(`a pod that ${what} is not counted`, () => {
    const groups = new PodGroups();
    groups.add(pod(WEB, given), 'web');
    assert.deepEqual(groups.of('web'), []);
  });

const owner = { kind: 'ReplicaSet', name: 'web-5d4', uid: 'rs' };
const hints: [what: string, given: Partial<PodFacts>, hint: string | undefined][] = [
  [
    'a ReplicaSet that has the name of a Deployment and its hash',
    { owner, templateHash: '5d4' },
    'Deployment/shop/web',
  ],
  ['one with another name', { owner: { ...owner, name: 'adopted' }, templateHash: '5d4' }, undefined],
  ['one without a hash', { owner: { ...owner, name: 'web-' }, templateHash: '' }, undefined],
  ['a StatefulSet', { owner: { kind: 'StatefulSet', name: 'db', uid: 'db' } }, 'StatefulSet/shop/db'],
];
for (const [what, given, hint] of hints)
  test(`the workload that a pod seems to belong to by ${what}`, () => {
    const pods = new PodsByController();
    pods.add(pod(WEB, given));
    assert.deepEqual(
      [...pods.controllers()].map((one) => one.hint),
      [hint],
    );
  });

const partitions: [what: string, partition: number, firstOrdinal: number, count: number][] = [
  ['without a partition, all', 0, 0, 3],
  ['with one, those from it on', 1, 0, 2],
  ['… which counts from the first ordinal', 1, 1, 1],
  ['with one that is behind the last pod, none', 3, 0, 0],
];
for (const [what, partition, firstOrdinal, count] of partitions)
  test(`the pods of a StatefulSet that a rollout replaces: ${what}`, () => {
    const groups = new PodGroups();
    for (const ordinal of [0, 1, 2]) groups.add(pod(DB, { name: `db-${ordinal}` }), 'db');
    const replaced = replaceable({ ...DB, partition, firstOrdinal }, groups.of('db'));
    assert.equal(
      replaced.reduce((sum, group) => sum + group.count, 0),
      count,
    );
  });
