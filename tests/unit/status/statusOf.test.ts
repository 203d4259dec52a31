import assert from 'node:assert/strict';
import type { Assessed } from '../../../src/plan/assessed.ts';
import type { JournalEntry } from '../../../src/plan/journalEntry.ts';
import { plan } from '../../../src/plan/plan.ts';
import type { RunWaves } from '../../../src/plan/wave.ts';
import { PublishedStatus } from '../../../src/status/publishedStatus.ts';
import type { StatusDocument } from '../../../src/status/statusDocument.ts';
import { statusOf, statusStepwise } from '../../../src/status/statusOf.ts';
import { readStatus } from '../../../src/status/statusText.ts';
import { journalled, journalOf, restarted } from '../../builders/journal.ts';
import { context, policy } from '../../builders/policy.ts';
import { assessed, expected, group, injection, istiod, MINUTE, NOW, outdated } from '../../builders/workload.ts';

const current = { state: 'current', expected: expected(), drifts: [] } as const;
const skipped = { state: 'skipped', reason: { code: 'not-injected', detail: '' } } as const;

/** The steady clock is an hour behind the wall clock. */
const BEHIND = 60 * MINUTE;

function evaluated(all: readonly Assessed[], waves?: readonly RunWaves[]) {
  const two = policy({ maxInFlight: 2, maxInFlightPerNamespace: 9 });
  return { ...plan(all, context({ policy: two, journal: journalOf(all) })), at: NOW, ...(waves && { waves }) };
}

function told(all: readonly Assessed[], waves?: readonly RunWaves[]): StatusDocument {
  return statusOf(evaluated(all, waves), { wall: NOW + BEHIND, entries: journalOf(all), notes: new Map() });
}

const named = (name: string, namespace = 'shop'): Assessed =>
  assessed({ name, namespace, uid: `${namespace}/${name}` });
const flying = (name: string, entry: JournalEntry = restarted(MINUTE)): Assessed =>
  journalled(entry, { name, uid: name });
const names = ({ workloads }: StatusDocument): string[] => workloads.map(({ name }) => name);

const MIXED = [
  flying('flying'),
  journalled(restarted(MINUTE, 'failed:timeout'), { name: 'failed', uid: 'failed' }),
  named('next'),
  named('queued'),
  assessed({ name: 'current', uid: 'current' }, current),
  assessed({ name: 'outside', uid: 'outside', namespace: 'other' }, skipped),
  assessed({ name: 'job', uid: 'job', kind: 'Job', unsupported: {} }, {
    ...outdated(),
    state: 'skipped',
    reason: { code: 'unsupported', detail: '' },
  } as Assessed['verdict']),
];

test('it counts by verdict, and what is in flight, waits and has failed; what is outside the mesh does not count', () => {
  const { counts, namespaces, unsupportedPods } = told(MIXED);
  const none = { skipped: 0, unknown: 0, conflict: 0 };
  assert.deepEqual(counts, { current: 1, outdated: 4, ...none, inFlight: 1, waiting: 2, failed: 1 });
  assert.deepEqual(namespaces, [{ ...counts, namespace: 'shop', unsupportedPods: 3 }]);
  assert.equal(unsupportedPods, 3);
});

test('rows are what is not current: in flight with its time, failed, next, the rest', () => {
  const document = told(MIXED);
  assert.deepEqual(names(document), ['flying', 'failed', 'next', 'queued']);
  const [first] = document.workloads;
  assert.equal(first?.startedAt, '2025-12-31T23:59:00Z');
  assert.equal(first?.run, 'run');
  assert.equal(document.leftOut, 0);
});

test('waits are summed by reason, with an example', () => {
  const { waits } = told(MIXED);
  assert.deepEqual(
    waits.map(({ reason, workloads, example }) => [reason, workloads, example.name]),
    [
      ['gave-up', 1, 'failed'],
      ['max-in-flight', 1, 'queued'],
    ],
  );
});

test('ends of waits are times of the wall clock', () => {
  const { waits, workloads } = told([flying('soon', restarted(MINUTE, 'superseded:expectation'))]);
  const end = '2026-01-01T01:04:00Z';
  assert.deepEqual([waits.map(({ until }) => until), workloads.map(({ until }) => until)], [[end], [end]]);
});

test('a run has its control plane, what it brings, when it began, and without waves one wave of all', () => {
  const { runs, controlPlanes, proxies } = told(MIXED);
  const [run] = runs;
  assert.equal(runs.length, 1);
  assert.deepEqual(
    { ...run, waves: undefined },
    {
      id: 'run',
      injector: 'istio-sidecar-injector',
      revision: 'default',
      to: 'proxyv2:1.31.0 (default)',
      startedAt: '2025-12-31T23:59:00Z',
      waves: undefined,
    },
  );
  assert.deepEqual(run?.waves, [
    {
      name: 'rest',
      state: 'running',
      detail: '3 of 5 workloads are left: see Deployment shop/flying',
      total: 5,
      current: 1,
      inFlight: 1,
      failed: 1,
      waiting: 2,
    },
  ]);
  assert.deepEqual(controlPlanes, [{ injector: 'istio-sidecar-injector', revision: 'default', version: '1.31.0' }]);
  assert.deepEqual(proxies, [{ version: '1.30.2', pods: 21 }]);
});

test('the waves of an evaluation are told, with their times by the wall clock, and the run ends with the last of them', () => {
  const wave = { total: 3, current: 0, inFlight: 0, failed: 0, waiting: 3 };
  const waves: RunWaves[] = [
    {
      run: 'run',
      waves: [
        { ...wave, name: 'a', state: 'done' },
        { ...wave, name: 'b', state: 'baking', until: NOW + MINUTE, eta: { median: NOW, p90: NOW + 9 * MINUTE } },
        { ...wave, name: 'c', state: 'waiting', detail: 'for b', eta: { median: NOW + MINUTE, p90: NOW + MINUTE } },
      ],
    },
  ];
  const [run] = told([named('web')], waves).runs;
  assert.deepEqual(run?.waves[1]?.until, '2026-01-01T01:01:00Z');
  assert.deepEqual(run?.eta, { median: '2026-01-01T00:01:00Z', p90: '2026-01-01T00:09:00Z' });
});

test('an estimate of the whole run counts, also without waves', () => {
  const all = [named('web')];
  const end = { median: NOW + MINUTE, p90: NOW + 2 * MINUTE };
  const eta = { at: NOW, workloads: 1, leftOut: [], runs: [{ run: 'run', eta: end, waves: [] }] };
  const context = { wall: NOW, entries: new Map(), notes: new Map() };
  const [run] = statusOf({ ...evaluated(all), eta }, context).runs;
  assert.deepEqual(run?.eta, { median: '2026-01-01T00:01:00Z', p90: '2026-01-01T00:02:00Z' });
});

test('an injector with nothing to restart, and without a restart, is no run', () =>
  assert.deepEqual(told([assessed({}, current)]).runs, []));

test('many workloads of one namespace leave room for those of another, and what is left out is counted', () => {
  const many = Array.from({ length: 2000 }, (_, index) => named(`w${index}`, 'aaa'));
  const document = told([...many, named('lonely', 'zzz')]);
  assert.equal(document.workloads.length, 300);
  assert.equal(document.leftOut, 1701);
  assert.ok(names(document).includes('lonely'));
  assert.equal(document.counts.outdated, 2001);
});

test('versions of proxies are bounded: the most frequent by themselves, the rest together', () => {
  const all = Array.from({ length: 30 }, (_, index) => ({
    ...named(`w${index}`),
    groups: [group({ image: `istio/proxyv2:1.${index}` }, 100 - index)],
  }));
  const { proxies } = told(all);
  assert.equal(proxies.length, 21);
  assert.deepEqual(proxies[0], { version: '1.0', pods: 100 });
  assert.equal(proxies.at(-1)?.version, 'other');
});

test('a control plane without a visible istiod has no version', () => {
  const { istiod: _, ...remote } = injection({ istiod: istiod() });
  assert.equal(told([{ ...named('web'), injection: remote }]).controlPlanes[0]?.version, undefined);
});

test('a pause in the policy is told, also while nothing waits', async () => {
  const context = { wall: NOW, entries: new Map(), notes: new Map(), paused: 'x'.repeat(100_000) };
  assert.equal(statusOf(evaluated([]), context).paused?.length, 200);
  assert.ok(!('paused' in told([])));
  const published = new PublishedStatus({
    journal: { snapshot: () => new Map(), notes: new Map() },
    policy: () => ({ paused: 'first look' }),
    now: () => NOW,
    wall: () => NOW,
    onError: assert.ifError,
  });
  published.evaluated(evaluated([]));
  await new Promise(setImmediate);
  const read = readStatus(published.text() ?? '');
  assert.equal('counts' in read && read.paused, 'first look');
});

test('a tenant’s long texts are cut', () => {
  const long = assessed({ name: 'w', annotations: { 'meltemi.dev/restart': 'x'.repeat(100_000) } });
  assert.ok(JSON.stringify(told([long])).length < 4000);
});

test('the text is made beside other work, at a pace, and not after its term', async () => {
  let now = NOW;
  const journal = { snapshot: () => new Map(), notes: new Map() };
  const published = new PublishedStatus({
    journal,
    policy: () => ({}),
    now: () => now,
    wall: () => now,
    onError: assert.ifError,
  });
  const outdatedNow = async (): Promise<number | undefined> => {
    published.text();
    await new Promise(setImmediate);
    const text = published.text();
    const read = text === undefined ? undefined : readStatus(text);
    return read && 'counts' in read ? read.counts.outdated : undefined;
  };
  assert.equal(await outdatedNow(), undefined);
  published.evaluated(evaluated([named('a')]));
  assert.equal(await outdatedNow(), 1);
  published.evaluated(evaluated([named('a'), named('b')]));
  assert.equal(await outdatedNow(), 1, 'a moment later the text is still that of before');
  now += 2000;
  assert.equal(await outdatedNow(), 2);
  published.clear();
  assert.equal(await outdatedNow(), undefined);
  published.evaluated(evaluated([named('a')]));
  published.clear();
  assert.equal(await outdatedNow(), undefined, 'a text of an earlier term comes to nothing');
});

test('what no text can be made of is reported, and the text of before stays', async () => {
  const errors: unknown[] = [];
  let now = NOW;
  const journal = { snapshot: () => new Map(), notes: new Map() };
  const onError = (error: unknown): void => void errors.push(error);
  const published = new PublishedStatus({ journal, policy: () => ({}), now: () => now, wall: () => now, onError });
  published.evaluated(evaluated([named('a')]));
  await new Promise(setImmediate);
  const before = published.text();
  assert.ok(before);
  now += 2000;
  published.evaluated({ ...evaluated([named('a')]), items: [undefined as never] });
  await new Promise(setImmediate);
  assert.equal(errors.length, 1);
  assert.equal(published.text(), before);
});

test('20,000 workloads are told in steps that other work gets its turn between', () => {
  const all = Array.from({ length: 20_000 }, (_, index) => named(`w${index}`, `team-${index % 500}`));
  const telling = statusStepwise(evaluated(all), { wall: NOW, entries: new Map(), notes: new Map() });
  const steps: number[] = [];
  for (let done = false; !done; ) {
    const began = process.threadCpuUsage();
    done = telling.next().done === true;
    steps.push(process.threadCpuUsage(began).user / 1000);
  }
  assert.ok(steps.length > 1000);
  const slow = steps.filter((time) => time > 40);
  assert.deepEqual(slow, []);
});
