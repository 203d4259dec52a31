import assert from 'node:assert/strict';
import type { PodFacts, Workload } from '../../../src/model.ts';
import { nextEvictions, type PodOrigin } from '../../../src/plan/evictions.ts';
import { complete, pod, workload } from '../../builders/workload.ts';

/**
 * How a pod looks; in capitals it is not Ready. Older than the restart are `o`, outdated, `c`, current, and `d`, terminating. The restart
 * has brought `n`, and `w` with the wrong sidecar. Nobody knows whether it has brought `u`, which is outdated, and `v`, which is current.
 */
type Look = 'o' | 'c' | 'O' | 'C' | 'n' | 'N' | 'w' | 'W' | 'd' | 'u' | 'v';

const podOf = (look: Look, ordinal: number): PodFacts =>
  pod(workload({ kind: 'StatefulSet' }), {
    name: `db-${ordinal}`,
    uid: `${ordinal}`,
    ready: look === look.toLowerCase(),
    deleting: look === 'd',
  });

const originIn =
  (looks: readonly Look[]) =>
  ({ uid }: PodFacts): PodOrigin => {
    const look = looks[Number(uid)] as Look;
    if ('uv'.includes(look)) return 'unclear';
    return 'nNwW'.includes(look) ? 'brought' : 'old';
  };

interface Row {
  readonly pods: string;
  readonly workload?: Partial<Workload>;
  readonly rollout?: Partial<Workload['rollout']>;
  readonly onLostNodes?: number;
  readonly is: string;
}

const rows: [string, Row][] = [
  ['the highest ordinal is evicted first', { pods: 'ooo', is: 'evict 2' }],
  ['a pod that is current is not evicted', { pods: 'ooc', is: 'evict 1' }],
  ['the next one follows when the new pod is available', { pods: 'oon', is: 'evict 1' }],
  ['it waits while the new pod is not Ready', { pods: 'ooN', rollout: { available: 2 }, is: 'wait own' }],
  ['it waits while the old pod is terminating', { pods: 'ood', is: 'wait own' }],
  ['it waits while a pod is missing', { pods: 'oo', is: 'wait own' }],
  ['… also where two may be unavailable', { pods: 'oo', workload: { maxUnavailable: 2 }, is: 'wait own' }],
  ['… and where all others are down', { pods: 'OO', rollout: { available: 0 }, is: 'wait own' }],
  ['it waits while a pod is Ready and not yet available', { pods: 'oon', rollout: { available: 2 }, is: 'wait' }],
  ['it waits for an old pod that is not Ready and current', { pods: 'Coo', rollout: { available: 2 }, is: 'wait' }],
  [
    'an outdated pod that is not Ready goes before the others',
    { pods: 'Ooo', rollout: { available: 2 }, is: 'evict 0' },
  ],
  ['two pods that are not Ready are too many', { pods: 'OOo', rollout: { available: 1 }, is: 'wait' }],
  ['… unless all pods that are left are down', { pods: 'OOO', rollout: { available: 0 }, is: 'evict 2' }],
  ['… or all but the new ones', { pods: 'OOn', rollout: { available: 1 }, is: 'evict 1' }],
  ['down, and the new pod is not Ready either', { pods: 'OON', rollout: { available: 0 }, is: 'wait own' }],
  ['more at a time where its group allows', { pods: 'ooo', workload: { maxUnavailable: 2 }, is: 'evict 2 1' }],
  [
    '… but of those that are not Ready one at a time, beside as many as may be unavailable besides',
    { pods: 'OOoo', workload: { maxUnavailable: 3 }, rollout: { ...complete(4), available: 2 }, is: 'evict 1 3' },
  ],
  [
    'of more at a time, those that are unavailable count',
    { pods: 'ooN', workload: { maxUnavailable: 2 }, rollout: { available: 2 }, is: 'evict 1' },
  ],
  ['a new pod with the wrong sidecar ends it', { pods: 'oow', is: 'wrong 2' }],
  [
    'a new pod with the wrong sidecar that is not Ready proves nothing',
    { pods: 'ooW', rollout: { available: 2 }, is: 'wait own' },
  ],
  ['pods of another template than the newest stop it', { pods: 'ooo', rollout: { updated: 2 }, is: 'other-template' }],
  [
    'a new pod that its controller has not counted yet is waited for',
    { pods: 'ooN', rollout: { updated: 2, available: 2 }, is: 'wait own' },
  ],
  [
    '… and nothing is evicted beside it, because it may be of another template',
    { pods: 'ooN', workload: { maxUnavailable: 2 }, rollout: { updated: 2, available: 2 }, is: 'wait own' },
  ],
  [
    '… but it explains no more than itself',
    { pods: 'ooN', rollout: { updated: 1, available: 2 }, is: 'other-template' },
  ],
  ['… and nothing once it is Ready', { pods: 'oon', rollout: { updated: 2 }, is: 'other-template' }],
  [
    'a template that its controller has not seen yet stops it',
    { pods: 'ooo', workload: { generation: 2 }, is: 'wait' },
  ],
  ['nothing is left when all are current and available', { pods: 'ncn', is: 'done' }],
  ['… and not before they are available', { pods: 'ncn', rollout: { available: 2 }, is: 'wait' }],
  ['nothing is evicted while it is not clear whether an outdated pod is a new one', { pods: 'ouo', is: 'wait own' }],
  ['whether a pod that is current is a new one does not matter', { pods: 'ovo', is: 'evict 2' }],
  ['a pod on a lost node counts as unavailable', { pods: 'oo', onLostNodes: 1, rollout: { available: 2 }, is: 'wait' }],
  [
    '… beside which another one is replaced where two may be unavailable',
    { pods: 'oo', workload: { maxUnavailable: 2 }, onLostNodes: 1, rollout: { available: 2 }, is: 'evict 1' },
  ],
  ['nothing is left but a pod on a lost node', { pods: 'nn', onLostNodes: 1, rollout: { available: 2 }, is: 'done' }],
  ['a pod is missing besides', { pods: 'n', onLostNodes: 1, rollout: { available: 1 }, is: 'wait own' }],
  ['a single pod is evicted', { pods: 'o', rollout: { ...complete(1) }, is: 'evict 0' }],
];

for (const [name, row] of rows) {
  test(name, () => {
    const looks = [...row.pods] as Look[];
    const next = nextEvictions({
      workload: workload({
        kind: 'StatefulSet',
        strategy: 'OnDelete',
        maxUnavailable: 1,
        ...row.workload,
        rollout: { ...complete(3), ...row.rollout },
      }),
      pods: looks.map(podOf),
      onLostNodes: row.onLostNodes ?? 0,
      outdated: new Set(looks.flatMap((look, ordinal) => ('oOwWu'.includes(look) ? String(ordinal) : []))),
      origin: originIn(looks),
    });
    const words = {
      evict: () => next.kind === 'evict' && `evict ${next.pods.map(({ uid }) => uid).join(' ')}`,
      wrong: () => next.kind === 'wrong' && `wrong ${next.pods.map(({ uid }) => uid).join(' ')}`,
      wait: () => (next.kind === 'wait' && next.isOwn ? 'wait own' : 'wait'),
      done: () => 'done',
      'other-template': () => 'other-template',
    };
    assert.equal(words[next.kind](), row.is);
  });
}

test('never more are evicted at a time than may be unavailable, whatever pods there are', () => {
  const looks: Look[] = ['o', 'c', 'O', 'C', 'n', 'N', 'd'];
  for (let seed = 0; seed < looks.length ** 4; seed++) {
    const pods = [0, 1, 2, 3].map((place) => looks[Math.floor(seed / looks.length ** place) % looks.length] as Look);
    const facts = pods.map(podOf);
    const ready = facts.filter((one) => one.ready && !one.deleting);
    const next = nextEvictions({
      workload: workload({
        kind: 'StatefulSet',
        strategy: 'OnDelete',
        maxUnavailable: 1,
        rollout: { ...complete(4), available: ready.length },
      }),
      pods: facts,
      outdated: new Set(pods.flatMap((look, ordinal) => ('oO'.includes(look) ? String(ordinal) : []))),
      origin: originIn(pods),
    });
    if (next.kind !== 'evict') continue;
    const taken = next.pods.filter((one) => one.ready).length;
    assert.ok(taken === 0 || 4 - ready.length + taken <= 1, `${pods.join('')}: ${next.pods.map(({ uid }) => uid)}`);
    for (const { uid } of next.pods) assert.ok('oO'.includes(pods[Number(uid)] as Look), pods.join(''));
  }
});
