import assert from 'node:assert/strict';
import { Journal } from '../../../src/journal/journal.ts';
import { restartsOnWorkloads } from '../../../src/journal/journalFromWorkloads.ts';
import { RESTARTED_AT } from '../../../src/names.ts';
import type { JournalEntry } from '../../../src/plan/journalEntry.ts';
import type { Outcome } from '../../../src/plan/outcomes.ts';
import { type Target, targetsOf } from '../../../src/plan/record.ts';
import { timestamp } from '../../../src/rfc3339.ts';
import { recorded, restarted } from '../../builders/journal.ts';
import { FakeStore } from '../../builders/journalStore.ts';
import { assessedSidecar, vault } from '../../builders/sidecars.ts';
import { assessed, HOUR, MINUTE, NOW, workload } from '../../builders/workload.ts';

const WEB = workload();
const RUN = 'b'.repeat(16);
const target = (name: string, given: Partial<Target> = {}): Target => ({
  restartedFor: `${name}:${'a'.repeat(16)}`,
  restartedAt: NOW,
  attempts: 1,
  run: RUN,
  ...given,
});
const VAULT = target('vault');
const DAPR = target('dapr', { restartedAt: NOW - HOUR, outcome: 'failed:timeout' });

function journal(store = new FakeStore()): Journal {
  const one = new Journal({ store, now: () => NOW, wall: () => NOW, onError: (error) => assert.fail(String(error)) });
  one.load();
  return one;
}

const ISTIO = restarted(0).restartedFor;
const said = (entry: JournalEntry | undefined): Record<string, string | undefined> =>
  Object.fromEntries(entry ? targetsOf(entry).map(({ restartedFor, outcome }) => [restartedFor, outcome]) : []);

const ENDS: readonly [name: string, outcome: Outcome, ends: [string, Outcome][], left: Record<string, string>][] = [
  [
    'one end for all, except for what has ended before',
    'verified',
    [],
    { [ISTIO]: 'verified', [VAULT.restartedFor]: 'verified', [DAPR.restartedFor]: 'failed:timeout' },
  ],
  [
    'another sidecar has failed',
    'failed:wrong-image',
    [
      [ISTIO, 'verified'],
      [VAULT.restartedFor, 'failed:wrong-image'],
    ],
    { [ISTIO]: 'verified', [VAULT.restartedFor]: 'failed:wrong-image', [DAPR.restartedFor]: 'failed:timeout' },
  ],
  [
    'an earlier failure is over, too',
    'verified',
    [
      [ISTIO, 'verified'],
      [VAULT.restartedFor, 'verified'],
      [DAPR.restartedFor, 'verified'],
    ],
    { [ISTIO]: 'verified', [VAULT.restartedFor]: 'verified', [DAPR.restartedFor]: 'verified' },
  ],
];

for (const [name, outcome, ends, left] of ENDS) {
  test(`a restart for several sidecars ends: ${name}`, async () => {
    const store = new FakeStore();
    const one = journal(store);
    await one.begin(WEB, restarted(0, undefined, { others: [VAULT, DAPR] }));
    assert.deepEqual(said(one.end(WEB, outcome, new Map(ends))), left);
    await one.stored();
    assert.deepEqual(said(journal(store).get(WEB)), left, 'the next leader reads the same');
  });
}

test('a restart that ended well is kept as long as another sidecar has failed', () => {
  const one = journal();
  one.adopt(new Map([['Deployment/shop/web', restarted(30 * HOUR, 'verified', { others: [DAPR] })]]));
  one.prune([assessed()], () => true);
  assert.ok(one.get(WEB));
});

test('a journal that is gone is restored from the injection of the sidecar that the restart was for', () => {
  const written = NOW - MINUTE;
  const record = restarted(MINUTE, undefined, { restartedFor: VAULT.restartedFor, others: [{ ...DAPR }] });
  const template = { labels: {}, annotations: { [RESTARTED_AT]: timestamp(written) }, spec: {} };
  const one = assessed({ annotations: recorded(record), template });
  const sidecar = assessedSidecar(vault(), 'vault:2');
  const limits = { maxInFlight: 5, maxInFlightPerNamespace: 5, restartTimeout: HOUR, onDelete: 'evict' as const };
  const restore = (others: readonly (typeof sidecar)[]): JournalEntry | undefined =>
    restartsOnWorkloads([{ ...one, others }], limits, { now: NOW, wall: NOW }).get('Deployment/shop/web');
  const restored = restore([sidecar]);
  assert.equal(restored?.run, sidecar.injection?.run);
  assert.deepEqual(
    restored?.others?.map(({ run }) => run),
    [''],
    'a failure that anyone may have written counts for no run',
  );
  assert.equal(restore([]), undefined, 'without the sidecar in the policy there is none');
});
