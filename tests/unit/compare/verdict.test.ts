import assert from 'node:assert/strict';
import type { DriftRules } from '../../../src/compare/drift.ts';
import { judge } from '../../../src/compare/judge.ts';
import type { PodGroup } from '../../../src/compare/podGroups.ts';
import { sidecarWord } from '../../../src/compare/verdict.ts';
import type { Answer } from '../../../src/expect/answer.ts';
import type { Match } from '../../../src/expect/match.ts';
import type { KindPolicy } from '../../../src/kinds/kindPolicy.ts';
import type { Workload } from '../../../src/model.ts';
import { fingerprint } from '../../../src/plan/record.ts';
import { sidecarConfig } from '../../../src/pods/sidecarConfig.ts';
import { reason } from '../../../src/reasons.ts';
import { complete, expected, group, NO_SIDECAR, workload } from '../../builders/workload.ts';

const RULES: DriftRules & KindPolicy = {
  onDelete: 'evict',
  compareHub: false,
  ignoreDigest: false,
  restartOn: new Set(['missing', 'image', 'revision']),
};
const ENTRY: Match<unknown> = { kind: 'entry', entry: {} };
const NONE: Match<unknown> = { kind: 'none', reason: reason('not-injected', 'nobody asks') };
const answer = (given: Parameters<typeof expected>[0] = {}): Answer => ({ kind: 'sidecar', sidecar: expected(given) });
const same = { image: 'docker.io/istio/proxyv2:1.31.0' };
const PINNED = `docker.io/istio/proxyv2:1.31.0@sha256:${'1'.repeat(64)}`;
const MIRROR = { imageRewrites: [{ from: 'docker.io', to: 'harbor.corp/hub' }] };
/** How a proxy is configured, by one argument. */
const config = (argument: string) => sidecarConfig({ args: [argument] }) ?? assert.fail();
const ORPHANED = { restartOn: new Set(['orphaned'] as const) };
const inTemplate = { template: { labels: {}, annotations: {}, spec: { containers: [{ name: 'istio-proxy' }] } } };
const bare: PodGroup = { ...group(), sidecar: NO_SIDECAR };

interface Row {
  given?: Partial<Workload>;
  match?: Match<unknown>;
  answer?: Answer;
  groups: PodGroup[];
  rules?: Partial<DriftRules>;
  is: string;
}

const rows: [string, Row][] = [
  ['pods like the answer are current', { groups: [group(same)], is: 'current' }],
  [
    'what the policy says the cluster makes of the answer is current',
    { groups: [group({ image: 'harbor.corp/hub/istio/proxyv2:1.31.0' })], rules: MIRROR, is: 'current' },
  ],
  [
    'pods from before the rewriting are current beside those after it',
    { groups: [group(same), group({ image: 'harbor.corp/hub/istio/proxyv2:1.31.0' })], rules: MIRROR, is: 'current' },
  ],
  [
    'an old version is outdated wherever it is from',
    { groups: [group({ image: 'harbor.corp/hub/istio/proxyv2:1.30.2' })], rules: MIRROR, is: 'outdated image' },
  ],
  [
    'what a restart has shown is current',
    {
      groups: [group({ image: PINNED })],
      rules: { learnt: [{ kind: 'digest', registry: 'docker.io' }] },
      is: 'current',
    },
  ],
  ['without a rule an added digest is outdated', { groups: [group({ image: PINNED })], is: 'outdated image' }],
  [
    'no rewriting explains a missing sidecar',
    { groups: [bare], rules: { learnt: [{ kind: 'digest', registry: 'docker.io' }] }, is: 'outdated missing' },
  ],
  [
    'no rewriting explains another revision',
    {
      groups: [group({ image: PINNED, revision: 'canary' })],
      rules: { learnt: [{ kind: 'digest', registry: 'docker.io' }] },
      is: 'outdated revision',
    },
  ],
  ['another image is outdated', { groups: [group()], is: 'outdated image' }],
  [
    'an older expectation is outdated too: a rollback',
    { answer: answer({ image: 'docker.io/istio/proxyv2:1.29.0' }), groups: [group(same)], is: 'outdated image' },
  ],
  ['one pod of many is enough', { groups: [group(same, 9), group({}, 1)], is: 'outdated image' }],
  ['equal image, another revision', { groups: [group({ ...same, revision: 'canary' })], is: 'outdated revision' }],
  [
    'a pod that states no revision is not outdated by it',
    { groups: [group({ ...same, revision: '' })], is: 'current' },
  ],
  [
    'an answer that states no revision outdates nothing',
    { answer: answer({ revision: '' }), groups: [group({ ...same, revision: 'x' })], is: 'current' },
  ],
  ['no sidecar where one is due', { groups: [bare], is: 'outdated missing' }],
  [
    'a native sidecar instead of an ordinary one is only noted',
    { groups: [group({ ...same, placement: 'initContainer' })], is: 'current native' },
  ],
  [
    '… and outdated where restarts are made for it',
    {
      groups: [group({ ...same, placement: 'initContainer' })],
      rules: { restartOn: new Set(['native']) },
      is: 'outdated native',
    },
  ],
  [
    'a sidecar that is configured in another way is only noted',
    {
      answer: answer({ config: config('new') }),
      groups: [group({ ...same, config: config('old') })],
      is: 'current config',
    },
  ],
  [
    '… and outdated where restarts are made for it',
    {
      answer: answer({ config: config('new') }),
      groups: [group({ ...same, config: config('old') })],
      rules: { restartOn: new Set(['config']) },
      is: 'outdated config',
    },
  ],
  [
    '… and not looked for where nobody wants to know',
    {
      answer: answer({ config: config('new') }),
      groups: [group({ ...same, config: config('old') })],
      rules: { reportOn: new Set() },
      is: 'current',
    },
  ],
  [
    'a configuration that is not known is not another one',
    {
      answer: answer({ config: config('new') }),
      groups: [group(same)],
      rules: { restartOn: new Set(['config']) },
      is: 'current',
    },
  ],
  [
    '… nor one that the answer does not state',
    { groups: [group({ ...same, config: config('old') })], rules: { restartOn: new Set(['config']) }, is: 'current' },
  ],
  [
    'another image is configured in another way, which is no drift of its own',
    { answer: answer({ config: config('new') }), groups: [group({ config: config('old') })], is: 'outdated image' },
  ],
  [
    '… nor is that of a sidecar that would be native now',
    {
      answer: answer({ config: config('new') }),
      groups: [group({ ...same, placement: 'initContainer', config: config('old') })],
      rules: { restartOn: new Set(['config']) },
      is: 'current native',
    },
  ],
  ['nobody matches and no sidecar', { match: NONE, groups: [bare], is: 'skipped not-injected' }],
  ['nobody matches, sidecars are there: an orphan', { match: NONE, groups: [group()], is: 'skipped orphaned' }],
  [
    'a container of that name without the injector’s mark is no orphan',
    { match: NONE, groups: [group({ injected: false })], is: 'skipped not-injected' },
  ],
  [
    '… and outdated where restarts are made for it',
    { match: NONE, groups: [group()], rules: ORPHANED, is: 'outdated orphaned' },
  ],
  [
    '… and not told where nobody wants to know',
    { match: NONE, groups: [group()], rules: { reportOn: new Set() }, is: 'skipped not-injected' },
  ],
  [
    '… never while its injector may only be missing for a moment',
    {
      match: { ...NONE, doubt: 'the cluster has no injector' },
      groups: [group()],
      rules: ORPHANED,
      is: 'skipped orphaned',
    },
  ],
  [
    '… nor while no injector of their revision is left, which may have injected by default, without labels',
    { match: { ...NONE, revisions: ['canary'] }, groups: [group()], rules: ORPHANED, is: 'skipped orphaned' },
  ],
  [
    '… but where that is still there and does not inject them any more',
    { match: { ...NONE, revisions: ['default'] }, groups: [group()], rules: ORPHANED, is: 'outdated orphaned' },
  ],
  [
    '… never where the template has the container itself: a gateway, or istioctl kube-inject',
    { match: NONE, given: inTemplate, groups: [group()], rules: ORPHANED, is: 'skipped orphaned' },
  ],
  [
    '… never where a restart does not roll',
    { match: NONE, given: { strategy: 'OnDelete' }, groups: [group()], rules: ORPHANED, is: 'skipped orphaned' },
  ],
  [
    '… and done when no pod has one any more',
    { match: NONE, groups: [bare], rules: ORPHANED, is: 'skipped not-injected' },
  ],
  [
    'orphans are not outdated by what they carry',
    { match: NONE, groups: [group()], rules: { restartOn: new Set(['image', 'missing']) }, is: 'skipped orphaned' },
  ],
  [
    'two match',
    { match: { kind: 'conflict', reason: reason('conflict', '') }, groups: [group()], is: 'conflict conflict' },
  ],
  [
    'nobody can tell who matches',
    {
      match: { kind: 'unknown', reason: reason('match-conditions', '') },
      groups: [group()],
      is: 'unknown match-conditions',
    },
  ],
  [
    'no answer is unknown, not outdated',
    {
      answer: { kind: 'unknown', reason: reason('injector-unreachable', '') },
      groups: [group()],
      is: 'unknown injector-unreachable',
    },
  ],
  ['the injector declines', { answer: { kind: 'no-sidecar' }, groups: [bare], is: 'skipped injector-declines' }],
  [
    'the injector declines, sidecars are there',
    { answer: { kind: 'no-sidecar' }, groups: [group()], is: 'skipped orphaned' },
  ],
  [
    '… and outdated where restarts are made for it',
    { answer: { kind: 'no-sidecar' }, groups: [group(), bare], rules: ORPHANED, is: 'outdated orphaned' },
  ],
  [
    '… but not where the injector may only not know who asks',
    {
      answer: { kind: 'no-sidecar', doubt: 'it may know the account by its UID' },
      groups: [group(), bare],
      rules: ORPHANED,
      is: 'unknown bad-answer',
    },
  ],
  [
    '… which does not matter to pods without a sidecar',
    { answer: { kind: 'no-sidecar', doubt: 'x' }, groups: [bare], rules: ORPHANED, is: 'skipped injector-declines' },
  ],
  [
    'no answer makes no orphan',
    {
      answer: { kind: 'unknown', reason: reason('injector-unreachable', '') },
      groups: [group()],
      rules: ORPHANED,
      is: 'unknown injector-unreachable',
    },
  ],
  [
    '… nor a match that nobody can tell',
    {
      match: { kind: 'unknown', reason: reason('match-conditions', '') },
      groups: [group()],
      rules: ORPHANED,
      is: 'unknown match-conditions',
    },
  ],
  ['no replicas wanted', { given: { rollout: complete(0) }, groups: [], is: 'skipped scaled-to-zero' }],
  ['no pod alive', { groups: [], is: 'skipped no-pods' }],
  [
    'a strategy that a restart does not roll',
    { given: { strategy: 'OnDelete' }, groups: [group()], is: 'skipped unsupported' },
  ],
  ['Recreate is rolled by a restart too', { given: { strategy: 'Recreate' }, groups: [group()], is: 'outdated image' }],
  [
    '… but not of a StatefulSet, which has no such strategy',
    { given: { kind: 'StatefulSet', strategy: 'Recreate' }, groups: [group()], is: 'skipped unsupported' },
  ],
  [
    'a partition that keeps every pod',
    { given: { kind: 'StatefulSet', partition: 3 }, groups: [], is: 'skipped partitioned' },
  ],
  ['deletion has begun', { given: { deleting: true }, groups: [group()], is: 'skipped deleting' }],
];

for (const [name, row] of rows) {
  test(name, () => {
    const verdict = judge(workload(row.given), row.match ?? ENTRY, row.answer ?? answer(), row.groups, {
      ...RULES,
      ...row.rules,
    });
    const why = 'reason' in verdict ? verdict.reason.code : verdict.drifts.join(',');
    assert.equal([verdict.state, why].filter(Boolean).join(' '), row.is);
  });
}

test('an unsupported strategy is named', () => {
  const verdict = judge(workload({ kind: 'StatefulSet', strategy: 'OnDelete' }), ENTRY, undefined, [group()], {
    ...RULES,
    onDelete: 'never',
  });
  assert.equal(verdict.state === 'skipped' && verdict.reason.detail, 'OnDelete');
});

const targets: [string, Partial<DriftRules>, boolean][] = [
  ['is the same target', {}, true],
  ['… whatever else restarts', { restartOn: new Set(['missing', 'image', 'revision', 'config']) }, true],
  ['is another target where that restarts', { restartOn: new Set(['image', 'native']) }, false],
];
for (const [name, rules, isSame] of targets) {
  test(`a native sidecar in the place of an ordinary one ${name}`, () => {
    const [one, other] = (['container', 'initContainer'] as const).map((placement) => {
      const verdict = judge(workload(), ENTRY, answer({ placement }), [group()], { ...RULES, ...rules });
      assert.ok(verdict.state === 'outdated');
      return fingerprint(verdict.expected);
    });
    assert.equal(one === other, isSame);
  });
}

test('an outdated verdict counts its pods and shows the largest group', () => {
  const verdict = judge(
    workload(),
    ENTRY,
    answer(),
    [group({ image: 'p:1' }, 1), group({ image: 'p:2' }, 4), group(same, 2)],
    RULES,
  );
  assert.ok(verdict.state === 'outdated');
  assert.deepEqual([verdict.outdatedPods, verdict.pods, verdict.actual.image], [5, 7, 'p:2']);
});

const told: [string, Partial<DriftRules>, PodGroup[], string | undefined][] = [
  [
    'is told where a rule explains the image',
    MIRROR,
    [group(same), group({ image: 'harbor.corp/hub/istio/proxyv2:1.31.0' })],
    'the cluster rewrites docker.io/istio/proxyv2:1.31.0 to harbor.corp/hub/istio/proxyv2:1.31.0',
  ],
  ['is not told where pods have the answer’s own image', MIRROR, [group(same)], undefined],
  ['is not told of a mirror that compareHub lets pass', {}, [group({ image: 'm.io/istio/proxyv2:1.31.0' })], undefined],
];
for (const [name, rules, groups, words] of told) {
  test(`a rewriting ${name}`, () => {
    const verdict = judge(workload(), ENTRY, answer(), groups, { ...RULES, ...rules });
    assert.ok(verdict.state === 'current');
    assert.equal(verdict.rewritten, words);
  });
}

test('a sidecar’s word is no longer than a line, whatever a pod says', () => {
  const word = sidecarWord({ image: `a/${'p'.repeat(1e6)}`, revision: 'r'.repeat(1e6) });
  assert.equal(word, `${'p'.repeat(199)}… (${'r'.repeat(62)}…)`);
});

test('an orphan counts the pods that carry a sidecar, and wants none', () => {
  const verdict = judge(workload(), NONE, undefined, [group({}, 2), { ...bare, count: 1 }], { ...RULES, ...ORPHANED });
  assert.ok(verdict.state === 'outdated');
  assert.deepEqual([verdict.outdatedPods, verdict.pods, sidecarWord(verdict.expected)], [2, 3, 'no sidecar']);
});
