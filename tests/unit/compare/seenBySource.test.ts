import assert from 'node:assert/strict';
import { judge } from '../../../src/compare/judge.ts';
import { PodGroups } from '../../../src/compare/podGroups.ts';
import { isInTemplate, seenBySource } from '../../../src/compare/seenBySource.ts';
import type { OtherSidecars, Workload } from '../../../src/model.ts';
import { podFacts } from '../../../src/pods/podFields.ts';
import type { RawPod } from '../../../src/pods/rawPod.ts';
import { POLICY } from '../../builders/policy.ts';
import { vault } from '../../builders/sidecars.ts';
import { complete, group, NO_SIDECAR, pod, sidecar, workload } from '../../builders/workload.ts';

const NAME = 'vault-agent';
const placed = (image: string): OtherSidecars => ({ [NAME]: { placement: 'container', image } });

const RAW: RawPod = {
  metadata: { name: 'web', uid: 'u', annotations: { 'istio.io/rev': 'default' } },
  spec: {
    containers: [
      { name: 'app', image: 'app:1' },
      { name: NAME, image: 'vault:1' },
    ],
    initContainers: [
      { name: 'daprd', image: 'daprd:1', restartPolicy: 'Always' },
      { name: 'init', image: 'init:1' },
    ],
  },
};

test('of a pod the containers that sources name are read, native sidecars among them, and no init container', () =>
  assert.deepEqual(podFacts(RAW, undefined, { containers: [NAME, 'daprd', 'init', 'absent'] }).others, {
    [NAME]: { placement: 'container', image: 'vault:1' },
    daprd: { placement: 'initContainer', image: 'daprd:1' },
  }));

test('without other sources nothing more is kept of a pod', () => assert.equal('others' in podFacts(RAW), false));

test('pods with different other sidecars are not alike', () => {
  const groups = new PodGroups();
  const web = workload();
  for (const image of ['vault:1', 'vault:2', 'vault:2']) groups.add(pod(web, { others: placed(image) }), 'web');
  assert.deepEqual(
    groups.of('web').map(({ others, count }) => [others?.[NAME]?.image, count]),
    [
      ['vault:1', 1],
      ['vault:2', 2],
    ],
  );
});

test('a source sees its own container, and Istio’s proxy is seen by Istio alone', () => {
  const groups = [{ ...group(), others: placed('vault:1') }, group()];
  assert.deepEqual(
    seenBySource(vault(), groups).map((one) => one.sidecar),
    [sidecar({ image: 'vault:1', revision: '' }), NO_SIDECAR],
  );
  assert.equal(seenBySource(undefined, groups), groups);
});

const containers = (...names: unknown[]) => ({ containers: names.map((name) => ({ name })) });
const TEMPLATES: readonly [name: string, spec: Workload['template']['spec'], is: boolean][] = [
  ['a container', containers('app', NAME), true],
  ['an init container', { ...containers('app'), initContainers: [{ name: NAME }] }, true],
  ['neither', containers('app'), false],
  ['malformed lists', { containers: 'vault-agent', initContainers: [null, 7] }, false],
];
for (const [name, spec, is] of TEMPLATES)
  test(`in the template: ${name}`, () =>
    assert.equal(isInTemplate(vault(), { labels: {}, annotations: {}, spec }), is));

const VERDICTS: readonly [name: string, image: string | undefined, given: Partial<Workload>, is: string][] = [
  ['the wanted image', 'vault:2', {}, 'current'],
  ['another image', 'vault:1', {}, 'outdated'],
  ['the same by its full name', 'docker.io/library/vault:2', {}, 'current'],
  ['no such container', undefined, {}, 'skipped no-such-container'],
  [
    'a container of the template itself',
    'vault:1',
    { template: { labels: {}, annotations: {}, spec: containers(NAME) } },
    'skipped template-names-image',
  ],
  ['no pods', undefined, { rollout: complete(0) }, 'skipped scaled-to-zero'],
];
for (const [name, image, given, is] of VERDICTS)
  test(`a wanted image: ${name}`, () => {
    const source = vault();
    const web = workload(given);
    const all = image === undefined ? [group()] : [{ ...group(), others: placed(image) }];
    const groups = seenBySource(source, web.rollout.desired === 0 ? [] : all);
    const verdict = judge(web, { kind: 'entry', entry: 1 }, source.fixed.expectation(web), groups, POLICY, source);
    assert.equal([verdict.state, 'reason' in verdict ? verdict.reason.code : ''].join(' ').trim(), is);
  });

test('pods that lack a wanted container beside others that have it are not outdated', () => {
  const source = vault();
  const groups = seenBySource(source, [{ ...group(), others: placed('vault:2') }, group()]);
  const verdict = judge(
    workload(),
    { kind: 'entry', entry: 1 },
    source.fixed.expectation(workload()),
    groups,
    POLICY,
    source,
  );
  assert.equal(verdict.state, 'current');
});
