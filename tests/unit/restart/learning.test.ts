import assert from 'node:assert/strict';
import type { Answer } from '../../../src/expect/answer.ts';
import type { Mesh } from '../../../src/expect/mesh.ts';
import { Journal } from '../../../src/journal/journal.ts';
import { NO_NAMESPACE } from '../../../src/model.ts';
import { RESTARTED_AT } from '../../../src/names.ts';
import { reason } from '../../../src/reasons.ts';
import { timestamp } from '../../../src/rfc3339.ts';
import { restarted } from '../../builders/journal.ts';
import { FakeStore } from '../../builders/journalStore.ts';
import { complete, expected, injection, istiod, MINUTE, NOW, pod, sidecar, workload } from '../../builders/workload.ts';
import { restarterOver } from './restarterOver.ts';

const MESH = { injections: [injection()], namespaces: new Map([['shop', NO_NAMESPACE]]) };
const MIRRORED = 'mirror.corp/hub/istio/proxyv2:1.31.0';
const template = { labels: {}, annotations: { [RESTARTED_AT]: timestamp(NOW - MINUTE) }, spec: {} };
const WEB = workload({ uid: 'web', template, rollout: complete(1) });
const POD = pod(WEB, { createdAt: NOW });

/** How a restart ends whose new pods all carry the same other image, and what is told to have been learnt. */
async function followed(
  journal: Journal,
  image = MIRRORED,
  mesh?: Mesh,
  askAfresh?: () => Promise<Answer>,
): Promise<{ outcome: string | undefined; told: string[]; detail: string | undefined }> {
  const told: string[] = [];
  let detail: string | undefined;
  const cluster = {
    workload: async () => WEB,
    podsOf: async () => [{ ...POD, sidecar: sidecar({ image }) }],
    patch: async () => WEB,
  };
  const listener = {
    learnt: (_: unknown, words: string) => void told.push(words),
    ended: (_: unknown, _outcome: unknown, words: string) => {
      detail = words;
    },
  };
  await restarterOver(cluster, journal, listener, mesh, askAfresh).follow(WEB);
  return { outcome: journal.get(WEB)?.outcome, told, detail };
}

async function journalOfOne(): Promise<Journal> {
  const journal = new Journal({ store: new FakeStore(), now: () => NOW, wall: () => NOW, onError: assert.ifError });
  await journal.begin(WEB, restarted(MINUTE, undefined, { uid: 'web' }));
  return journal;
}

test('new pods from a mirror of the image teach that, and the restart counts as verified', async () => {
  const { outcome, told } = await followed(await journalOfOne());
  assert.equal(outcome, 'verified');
  assert.deepEqual(told, [`the cluster rewrites ${expected().image} to ${MIRRORED}`]);
});

test('what cannot be kept verifies nothing: such a workload would be restarted again and again', async () => {
  const journal = await journalOfOne();
  const { run } = injection();
  for (let i = 0; i < 100; i++) journal.learn(run, { kind: 'exact', answer: 'a:1', image: `b:${i}` }, 'shop');
  const { outcome, told } = await followed(journal);
  assert.equal(outcome, 'failed:wrong-image');
  assert.deepEqual(told, []);
});

const OLD = 'docker.io/istio/proxyv2:1.30.2';
const PINNED = `docker.io/istio/proxyv2@sha256:${'1'.repeat(64)}`;

test('an image of another version, which a replica that is behind may have given, is not learnt, and that is said', async () => {
  const journal = await journalOfOne();
  const { outcome, told, detail } = await followed(journal, OLD);
  assert.deepEqual([outcome, told], ['failed:wrong-image', []]);
  assert.match(detail ?? '', /a replica of istiod may be behind, or something in the cluster sets the image/);
  assert.deepEqual(journal.learnt(injection().run, 'shop'), []);
});

test('what another restart has shown while this one was judged counts for it: it is verified, not failed', async () => {
  const journal = await journalOfOne();
  const known = journal.learnt.bind(journal);
  let asked = 0;
  journal.learnt = (run, namespace) => {
    asked += 1;
    // between the verdict and the fresh one
    if (asked === 2)
      for (const one of ['bank', 'mail'])
        journal.learn(run, { kind: 'exact', answer: expected().image, image: OLD }, one);
    return known(run, namespace);
  };
  const { outcome, told } = await followed(journal, OLD);
  assert.equal(outcome, 'verified');
  assert.deepEqual(told, []);
});

test('an injector that fails the fresh question ends the restart as it is, and teaches nothing', async () => {
  const journal = await journalOfOne();
  const silent = async () => ({ kind: 'unknown', reason: reason('bad-answer', 'no answer') }) as const;
  const { outcome, told } = await followed(journal, MIRRORED, undefined, silent);
  assert.deepEqual([outcome, told], ['failed:wrong-image', []]);
});

const rolling = injection({ istiod: istiod({ rollout: { ...complete(2), updated: 1, existing: 3 } }) });
const { istiod: _unseen, ...unseen } = injection();
const versions: [string, Mesh, string][] = [
  ['where all of istiod is new', MESH, 'verified'],
  [
    'not while istiod rolls: an old replica may have injected it',
    { ...MESH, injections: [rolling] },
    'failed:wrong-image',
  ],
  ['where istiod cannot be seen, but its answers are confirmed', { ...MESH, injections: [unseen] }, 'verified'],
  [
    'not where the injector has changed since',
    { ...MESH, injections: [injection({ run: 'next' })] },
    'failed:wrong-image',
  ],
];
for (const [when, mesh, outcome] of versions)
  test(`a digest in the place of the tag is learnt ${when}`, async () =>
    assert.equal((await followed(await journalOfOne(), PINNED, mesh)).outcome, outcome));

test('a mirror of the image is learnt while istiod rolls, too: it is of the version that the injector names', async () =>
  assert.equal(
    (await followed(await journalOfOne(), MIRRORED, { ...MESH, injections: [rolling] })).outcome,
    'verified',
  ));
