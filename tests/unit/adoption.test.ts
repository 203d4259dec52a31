import assert from 'node:assert/strict';
import { networkError, statusError } from '../../src/cluster/apiError.ts';
import type { Cluster } from '../../src/cluster/cluster.ts';
import type { Mesh } from '../../src/expect/mesh.ts';
import { keyOf, NO_NAMESPACE, type PodFacts, type Workload, type WorkloadRef } from '../../src/model.ts';
import { Observer } from '../../src/observe/observer.ts';
import { askedBy } from '../builders/injectors.ts';
import { NOTHING_JOURNALLED } from '../builders/journal.ts';
import { POLICY } from '../builders/policy.ts';
import { complete, expected, injection, NOW, sidecar, workload } from '../builders/workload.ts';

const mesh: Mesh = { injections: [injection()], namespaces: new Map([['shop', NO_NAMESPACE]]) };
const CALL = { method: 'GET', path: '/apis/apps/v1/namespaces/shop/replicasets' };

const INJECTORS = askedBy({ ask: async () => ({ kind: 'sidecar', sidecar: expected() }) });

interface Sets {
  readonly name: string;
  readonly uid: string;
  /** UID of the workload that its ownerReferences name. */
  readonly of: string;
  readonly pods: number;
  readonly hash?: string;
}

const deployment = (name: string, pods: number, given: Partial<Workload> = {}): Workload =>
  workload({ name, uid: `uid-${name}`, rollout: complete(pods), ...given });

const podsIn = ({ name, uid, hash = '', pods }: Sets, kind = 'ReplicaSet'): PodFacts[] =>
  Array.from({ length: pods }, (_, index) => ({
    namespace: 'shop',
    name: `${name}-${index}`,
    uid: `${uid}-${index}`,
    owner: { kind, name, uid },
    templateHash: hash,
    createdAt: NOW,
    node: 'node',
    phase: 'Running',
    ready: true,
    deleting: false,
    sidecar: sidecar(),
  }));

/** What is assessed, one scan after the other, in a cluster of these workloads and ReplicaSets. */
function cluster(
  workloads: readonly Workload[],
  sets: readonly Sets[],
  options: { looks?: number; refused?: Error } = {},
) {
  const state = { workloads, sets, looked: [] as string[], owners: [] as string[], atOnce: 0, most: 0 };
  const fake: Partial<Cluster> = {
    workloads: async (kind) => state.workloads.filter((one) => one.kind === kind),
    workload: async ({ name }: WorkloadRef) => state.workloads.find((one) => one.name === name),
    pods: async function* () {
      yield state.sets.flatMap((set) => podsIn(set));
    },
    podsOf: async ({ name, uid }) => {
      state.looked.push(name);
      state.atOnce += 1;
      state.most = Math.max(state.most, state.atOnce);
      await new Promise(setImmediate);
      state.atOnce -= 1;
      if (options.refused) throw options.refused;
      return state.sets.filter(({ of }) => of === uid).flatMap((set) => podsIn(set));
    },
    budgets: async () => [],
    canaries: async () => [],
    owner: async (_namespace, { uid }) => {
      state.owners.push(uid);
      const of = state.sets.find((set) => set.uid === uid)?.of ?? '';
      return { owner: { apiVersion: 'apps/v1', kind: 'Deployment', name: of, uid: of } };
    },
  };
  const { looks } = options;
  const observer = new Observer({
    cluster: fake as Cluster,
    injectors: INJECTORS,
    journal: NOTHING_JOURNALLED,
    policy: () => POLICY,
    ...(looks !== undefined && { looks }),
  });
  const scan = async (by = mesh): Promise<Record<string, string>> => {
    state.looked.length = 0;
    const seen = await observer.scan(by, undefined, new AbortController().signal);
    const assessed = await Promise.all([...seen.values()].map((one) => observer.assess(by, one)));
    return Object.fromEntries(
      assessed.map(({ workload: { name }, verdict }) => {
        if (verdict.state === 'outdated') return [name, `${verdict.outdatedPods} of ${verdict.pods}`];
        return [name, 'reason' in verdict ? verdict.reason.code : verdict.state];
      }),
    );
  };
  return { scan, state, observer };
}

const A = { name: 'a-1', uid: 'r-a', hash: '1' };
const rows: [what: string, Workload[], Sets[], Record<string, string>, looked: string[]][] = [
  ['its own', [deployment('a', 3)], [{ ...A, of: 'uid-a', pods: 3 }], { a: '3 of 3' }, []],
  ['adopted from another that is gone', [deployment('b', 3)], [{ ...A, of: 'uid-b', pods: 3 }], { b: '3 of 3' }, ['b']],
  [
    'adopted from another that was made again and has no pods yet',
    [
      deployment('a', 2, { uid: 'new', rollout: { ...complete(2), existing: 0, updated: 0, ready: 0, available: 0 } }),
      deployment('b', 3),
    ],
    [{ ...A, of: 'uid-b', pods: 3 }],
    { a: 'no-pods', b: '3 of 3' },
    ['a', 'b'],
  ],
  [
    'adopted from another that was made again with pods of its own',
    [deployment('a', 2, { uid: 'new' }), deployment('b', 3)],
    [
      { ...A, of: 'uid-b', pods: 3 },
      { name: 'a-2', uid: 'r-2', hash: '2', of: 'new', pods: 2 },
    ],
    { a: '2 of 2', b: '3 of 3' },
    ['a', 'b'],
  ],
  [
    'of an adopted ReplicaSet without pod-template-hash',
    [deployment('web', 2)],
    [{ name: 'made-by-hand', uid: 'r', of: 'uid-web', pods: 2 }],
    { web: '2 of 2' },
    ['web'],
  ],
  [
    'of an adopted ReplicaSet beside its own',
    [deployment('b', 5)],
    [
      { ...A, of: 'uid-b', pods: 3 },
      { name: 'b-1', uid: 'r-b', hash: '1', of: 'uid-b', pods: 2 },
    ],
    { b: '5 of 5' },
    ['b'],
  ],
  [
    'of a ReplicaSet that is adopted by one whose rollout is paused',
    [deployment('b', 4, { paused: true, rollout: { ...complete(4), updated: 1 } })],
    [
      { ...A, of: 'uid-b', pods: 3 },
      { name: 'b-1', uid: 'r-b', hash: '1', of: 'uid-b', pods: 1 },
    ],
    { b: '4 of 4' },
    ['b'],
  ],
  [
    'of a ReplicaSet whose name only looks like it',
    [deployment('a', 0)],
    [{ ...A, of: 'rollout', pods: 3 }],
    { a: 'scaled-to-zero' },
    ['a'],
  ],
  ['nobody’s, where it has none', [deployment('a', 0)], [], { a: 'scaled-to-zero' }, []],
];
for (const [what, workloads, sets, verdicts, looked] of rows)
  test(`the pods of a Deployment are ${what}`, async () => {
    const { scan, state } = cluster(workloads, sets);
    assert.deepEqual(await scan(), verdicts);
    assert.deepEqual(state.looked.toSorted(), looked);
    assert.deepEqual(await scan(), verdicts);
    assert.deepEqual(
      state.looked.filter((name) => verdicts[name]?.includes('of')),
      [],
      'what was found is remembered',
    );
  });

test('pods that no injector would inject any longer are found, too', async () => {
  const { scan } = cluster([deployment('b', 3)], [{ ...A, of: 'uid-b', pods: 3 }]);
  assert.deepEqual(await scan({ ...mesh, injections: [] }), { b: 'orphaned' });
});

test('a ReplicaSet whose Deployment a look has found is not read itself', async () => {
  const { scan, state } = cluster([deployment('b', 3)], [{ ...A, of: 'uid-b', pods: 3 }]);
  await scan();
  assert.deepEqual([state.looked, state.owners], [['b'], []]);
});

test('a ReplicaSet that changes its owner once more is found again', async () => {
  const { scan, state } = cluster([deployment('b', 3)], [{ ...A, of: 'uid-b', pods: 3 }]);
  await scan();
  state.workloads = [deployment('b', 0), deployment('c', 3)];
  state.sets = [{ ...A, of: 'uid-c', pods: 3 }];
  assert.deepEqual(await scan(), { b: 'scaled-to-zero', c: '3 of 3' });
  state.workloads = [deployment('c', 3)];
  assert.deepEqual(await scan(), { c: '3 of 3' });
});

test('a StatefulSet that was made again does not count the pods of the former', async () => {
  const again = workload({ kind: 'StatefulSet', name: 'db', uid: 'new', rollout: complete(2) });
  const former = podsIn({ name: 'db', uid: 'former', of: '', pods: 2 }, 'StatefulSet');
  const fake: Partial<Cluster> = {
    workloads: async (kind) => (kind === 'StatefulSet' ? [again] : []),
    workload: async () => again,
    pods: async function* () {
      yield former;
    },
    podsOf: async () => [],
    budgets: async () => [],
    canaries: async () => [],
  };
  const observer = new Observer({
    cluster: fake as Cluster,
    injectors: INJECTORS,
    journal: NOTHING_JOURNALLED,
    policy: () => POLICY,
  });
  const seen = await observer.scan(mesh, undefined, new AbortController().signal).catch(String);
  assert.ok(typeof seen !== 'string');
  assert.deepEqual(seen.get(keyOf(again))?.groups, []);
});

const many = Array.from({ length: 7 }, (_, index) => `d${index}`);

test('single reads are limited; a workload that must wait is not assessed, and its turn comes', async () => {
  const { scan, state } = cluster(
    many.map((name) => deployment(name, 1)),
    many.map((name) => ({ name: `was-${name}`, uid: `r-${name}`, of: `uid-${name}`, pods: 1 })),
    { looks: 5 },
  );
  const first = Object.values(await scan());
  assert.deepEqual(
    [first.filter((one) => one === '1 of 1').length, first.filter((one) => one === 'not-read').length],
    [5, 2],
  );
  assert.equal(state.looked.length, 5);
  assert.ok(state.most <= 4, `${state.most} at once`);
  assert.deepEqual(new Set(Object.values(await scan())), new Set(['1 of 1']));
  assert.equal(state.looked.length, 2);
});

for (const [what, refused] of [
  ['forbidden', statusError(CALL, { code: 403 })],
  ['broken', networkError(CALL, 'https://api', new Error('reset'))],
] as const)
  test(`a look that is ${what} leaves its workload unread, and the others are seen`, async () => {
    const { scan } = cluster([deployment('a', 1), deployment('b', 3)], [{ ...A, of: 'uid-a', pods: 1 }], { refused });
    assert.deepEqual(await scan(), { a: '1 of 1', b: 'not-read' });
  });

test('workloads in the middle of a rollout are counted as the pages show them, where a few looks are not enough', async () => {
  const rolling = many.map((name) => deployment(name, 3, { rollout: { ...complete(3), updated: 1, existing: 4 } }));
  const { scan, state } = cluster(
    rolling,
    many.map((name) => ({ name: `${name}-1`, uid: `r-${name}`, hash: '1', of: `uid-${name}`, pods: 3 })),
    { looks: 2 },
  );
  assert.deepEqual(new Set(Object.values(await scan())), new Set(['3 of 3']));
  assert.equal(state.looked.length, 2);
});
