import assert from 'node:assert/strict';
import type { PodFacts, Workload } from '../../../src/model.ts';
import { groupOverlap } from '../../../src/restart/rolloutGroupOverlap.ts';
import { complete, pod, workload } from '../../builders/workload.ts';

const zone = (name: string, given: Partial<Workload> = {}): Workload =>
  workload({
    kind: 'StatefulSet',
    name,
    uid: name,
    strategy: 'OnDelete',
    rollout: complete(2),
    rolloutGroup: { name: 'ingester', paused: false },
    ...given,
  });
const ungrouped = (name: string, given: Partial<Workload> = {}): Workload => {
  const { rolloutGroup: _, ...rest } = zone(name, given);
  return rest;
};

interface Row {
  /** The StatefulSet whose pods are evicted. */
  readonly one?: Workload;
  /** Another one of its namespace, as its controller counts. */
  readonly other?: Workload;
  /** The second of the other's two pods, as it is. */
  readonly pod?: Partial<PodFacts>;
  readonly why: string | undefined;
}

const UNREADY = '1 of 2 pods of StatefulSet b';
const rows: [name: string, Row][] = [
  ['all pods of the other are Ready', { why: undefined }],
  [
    'its controller counts one that is not',
    { other: zone('b', { rollout: { ...complete(2), ready: 1 } }), why: UNREADY },
  ],
  [
    '… or one too few',
    { other: zone('b', { rollout: { ...complete(2), existing: 1 } }), why: '2 of 2 pods of StatefulSet b' },
  ],
  ['… or has not seen the last change', { other: zone('b', { generation: 2 }), why: '2 of 2 pods of StatefulSet b' }],
  ['its controller counts too many yet, and a pod is not Ready', { pod: { ready: false }, why: UNREADY }],
  ['… or is terminating', { pod: { deleting: true }, why: UNREADY }],
  ['… or has failed', { pod: { phase: 'Failed' }, why: UNREADY }],
  [
    'it has another update strategy',
    { other: zone('b', { strategy: 'RollingUpdate' }), why: 'the update strategy RollingUpdate' },
  ],
  [
    'it is of another group',
    { other: zone('b', { rolloutGroup: { name: 'store', paused: false } }), pod: { ready: false }, why: undefined },
  ],
  ['only its own pods are not Ready', { one: zone('a', { rollout: { ...complete(2), ready: 1 } }), why: undefined }],
  ['neither has a group', { one: ungrouped('a'), other: ungrouped('b'), pod: { ready: false }, why: undefined }],
];
for (const [name, { one = zone('a'), other = zone('b'), pod: second, why }] of rows)
  test(`a StatefulSet of a rollout group ${why === undefined ? 'goes on' : 'waits'} where ${name}`, async () => {
    const all = [one, other];
    const cluster = {
      workloads: async (kind: string, namespace?: string) =>
        all.filter((each) => each.kind === kind && each.namespace === namespace),
      podsOf: async (each: Workload) => {
        const isOther = each.name === 'b';
        return [pod(each, { ready: isOther }), pod(each, { ready: isOther, ...(isOther && second) })];
      },
    };
    const found = await groupOverlap(cluster, one, new AbortController().signal);
    if (why === undefined) assert.equal(found, undefined);
    else assert.ok(found?.includes(why), `found ${found}`);
  });
