import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restartsOnWorkloads } from '../../../src/journal/rebuilt.ts';
import type { Workload } from '../../../src/model.ts';
import { RESTARTED_AT } from '../../../src/names.ts';
import type { Judged } from '../../../src/plan/judged.ts';
import { type Outcome, timestamp } from '../../../src/plan/record.ts';
import { recorded, restarted } from '../../builders/journal.ts';
import { POLICY } from '../../builders/policy.ts';
import { HOUR, injection, judged, MINUTE, NOW, workload } from '../../builders/workload.ts';

const { template } = workload();

/** A workload that an injector matches, with the record of a restart on it; its template carries the same time. */
function onWorkload(ago: number, outcome?: Outcome, given: Partial<Workload> = {}): Judged {
  const annotations = { [RESTARTED_AT]: timestamp(NOW - ago) };
  const one = judged({
    annotations: recorded(restarted(ago, outcome)),
    template: { ...template, annotations },
    createdAt: 0,
    ...given,
  });
  return { ...one, injection: injection() };
}

const unmatched = (): Judged => {
  const { injection: _none, ...rest } = onWorkload(MINUTE);
  return rest;
};

/** Six minutes for a restart, and two slots. */
const limits = { ...POLICY, restartTimeout: 6 * MINUTE, maxInFlight: 2 };
const rebuilt = (all: readonly Judged[]) => [...restartsOnWorkloads(all, limits, { now: HOUR, wall: NOW }).values()];

const rows: [what: string, one: Judged, slots: 0 | 1][] = [
  ['an open record whose time stands in the template takes a slot', onWorkload(MINUTE), 1],
  ['a record of the future takes none', onWorkload(-MINUTE), 0],
  ['a record past the time limit takes none', onWorkload(7 * MINUTE), 0],
  ['a record without an injector takes none', unmatched(), 0],
  ['a record that the template does not bear out takes none', onWorkload(MINUTE, undefined, { template }), 0],
  ['a failure is not taken over', onWorkload(MINUTE, 'failed:not-injected'), 0],
  ['nor is a restart that was taken back', onWorkload(MINUTE, 'reverted'), 0],
  ['nor one of a workload that is being deleted', onWorkload(MINUTE, undefined, { deleting: true }), 0],
];
for (const [what, one, slots] of rows) test(what, () => assert.equal(rebuilt([one]).length, slots));

test('all together take no more than there are slots', () => {
  const all = Array.from({ length: 50 }, (_, i) => onWorkload(MINUTE, undefined, { name: `w${i}`, uid: `u${i}` }));
  assert.equal(rebuilt(all).length, 2);
});

test('what is taken over ends by its own time limit, counted from when it was written', () => {
  assert.deepEqual(
    rebuilt([onWorkload(2 * MINUTE)]).map(({ since }) => since),
    [HOUR - 2 * MINUTE],
  );
});
