import assert from 'node:assert/strict';
import type { Verdict } from '../../../src/compare/verdict.ts';
import { keyOf } from '../../../src/model.ts';
import type { Assessed, Outdated } from '../../../src/plan/assessed.ts';
import { nextEntry } from '../../../src/plan/nextEntry.ts';
import type { Outcome } from '../../../src/plan/outcomes.ts';
import { plan } from '../../../src/plan/plan.ts';
import type { PlanContext } from '../../../src/plan/planContext.ts';
import { timestamp } from '../../../src/rfc3339.ts';
import { journalled, journalOf, recorded, restarted } from '../../builders/journal.ts';
import { context, POLICY, stepFor } from '../../builders/policy.ts';
import { assessed, expected, HOUR, injection, MINUTE, NOW } from '../../builders/workload.ts';

const KAFKA = { apiVersion: 'kafka.strimzi.io/v1beta2', kind: 'Kafka', name: 'events' };

/** So many ended restarts in a namespace, an hour ago. */
const ended = (namespace: string, outcome: Outcome, count = 1, run = 'run'): Assessed[] =>
  Array.from({ length: count }, (_, i) =>
    journalled(restarted(HOUR, outcome, { run }), { namespace, name: `f${i}`, owner: KAFKA }),
  );
const failed = (namespace: string, count = 1, run = 'run'): Assessed[] =>
  ended(namespace, 'failed:timeout', count, run);

const current: Verdict = { state: 'current', expected: expected(), drifts: [] };
const everywhere = (['shop', 'bank'] as const).map((namespace) => assessed({ namespace, name: 'healthy' }, current));

/** What is decided for an outdated workload of each of these namespaces, in a mesh that has workloads in `shop` and `bank`. */
const decided = (others: readonly Assessed[], namespaces: readonly string[], given: Partial<PlanContext> = {}) =>
  namespaces.map((namespace) => decision([...others, ...everywhere], namespace, given));

function decision(
  others: readonly Assessed[],
  namespace: string,
  given: Partial<PlanContext> = {},
): string | undefined {
  const asked = assessed({ namespace, name: 'asked', owner: KAFKA });
  const planned = plan([...others, asked], context({ journal: journalOf(others), ...given }));
  const step = stepFor(planned, asked.workload);
  return step && 'reason' in step ? step.reason.code : step?.action;
}

const rows: [what: string, Assessed[], shop: string, bank: string, Partial<PlanContext>?][] = [
  ['one failure holds nobody', failed('shop'), 'restart', 'restart'],
  ['two failures of a namespace hold that namespace', failed('shop', 2), 'halted', 'restart'],
  ['… however many they are', failed('shop', 50), 'halted', 'restart'],
  [
    '… and one elsewhere makes three in two namespaces, which hold all',
    [...failed('shop', 2), ...failed('bank')],
    'halted',
    'halted',
  ],
  ['three failures in three namespaces hold all', [...failed('a'), ...failed('b'), ...failed('c')], 'halted', 'halted'],
  ['two in two do not', [...failed('a'), ...failed('b')], 'restart', 'restart'],
  [
    'fifty of one namespace count as its share: with none elsewhere they are not enough',
    failed('a', 50),
    'restart',
    'restart',
  ],
  [
    '… also where the budget is just its share',
    failed('a', 50),
    'restart',
    'restart',
    { policy: { ...POLICY, failureBudget: 2 } },
  ],
  [
    'a share that is larger than the budget is the budget',
    failed('shop', 3),
    'halted',
    'restart',
    { policy: { ...POLICY, failureBudgetPerNamespace: 9 } },
  ],
  ['failures of another run hold nobody', failed('shop', 50, 'before'), 'restart', 'restart'],
  [
    'what a person has resumed since holds nobody',
    failed('shop', 50),
    'restart',
    'restart',
    { resumedAt: NOW - MINUTE },
  ],
  ['a restart that ended well is no failure', ended('shop', 'verified', 50), 'restart', 'restart'],
  ['nor is one that somebody else’s took the place of', ended('shop', 'superseded', 50), 'restart', 'restart'],
  [
    'new pods without their sidecar hold their namespace at once',
    ended('shop', 'failed:no-sidecar'),
    'halted',
    'restart',
  ],
  [
    '… and all where they are in two',
    [...ended('a', 'failed:no-sidecar'), ...ended('b', 'failed:no-sidecar')],
    'halted',
    'halted',
  ],
  ['… but not those of another run', ended('shop', 'failed:no-sidecar', 1, 'before'), 'restart', 'restart'],
  [
    'an owner that takes a restart back holds its kind in that namespace',
    ended('shop', 'reverted'),
    'owner-reverts',
    'restart',
  ],
  [
    '… and everywhere where it did so in two',
    [...ended('a', 'reverted'), ...ended('b', 'reverted')],
    'owner-reverts',
    'owner-reverts',
  ],
];
for (const [what, others, shop, bank, given] of rows)
  test(what, () => assert.deepEqual(decided(others, ['shop', 'bank'], given), [shop, bank]));

const alone: [what: string, Assessed[], is: string][] = [
  ['three failures in the only namespace that the run concerns halt the run', failed('shop', 3), 'halted'],
  ['… and so does the first new pod without its sidecar', ended('shop', 'failed:no-sidecar'), 'halted'],
];
for (const [what, others, is] of alone) test(what, () => assert.equal(decision(others, 'shop'), is));

test('a halt after a resume says so, which makes its Event another one than that of the halt before', () => {
  const detail = (resumedAt?: number): string | undefined => {
    const others = failed('shop', 3);
    const asked = assessed({ namespace: 'shop', name: 'asked' });
    const step = stepFor(plan([...others, asked], context({ journal: journalOf(others), resumedAt })), asked.workload);
    return step && 'reason' in step ? step.reason.detail : undefined;
  };
  const before = '3 restarts towards revision default failed in namespace shop, its budget is 2';
  assert.equal(detail(), before);
  assert.equal(detail(NOW + MINUTE), before, 'a time in the future forgives nothing');
  assert.equal(detail(NOW - 2 * HOUR), `${before}; counted since the resume at ${timestamp(NOW - 2 * HOUR)}`);
});

/** Of whoever may write in one namespace, everything that a record on a workload can say. */
const FAR = { restartedAt: Date.UTC(9998, 0), writes: [{ at: Date.UTC(9998, 0), well: false }] };
const outcomes: (Outcome | undefined)[] = ['failed:no-sidecar', 'failed:timeout', 'reverted', 'verified', undefined];
const forged = outcomes.flatMap((outcome) =>
  [restarted(MINUTE, outcome), restarted(-MINUTE, outcome), restarted(0, outcome, FAR)].map(
    (entry) => [outcome ?? 'in flight', entry] as const,
  ),
);
const paced = { ...POLICY, restartDelay: HOUR, maxRestartsPerMinute: 1, maxInFlight: 1 };
for (const [outcome, entry] of forged) {
  const time = new Date(entry.restartedAt).toISOString();
  test(`a record on a workload of another namespace, ${outcome} at ${time}, makes no other workload wait`, () => {
    const tenant = (injected: boolean): Assessed[] =>
      Array.from({ length: 5 }, (_, i) => {
        const one = assessed(
          { namespace: 'tenant', name: `evil${i}`, owner: KAFKA, annotations: recorded(entry) },
          { state: 'skipped', reason: { code: 'not-injected', detail: '' } },
        );
        const { injection: _ours, ...outside } = one;
        return injected ? { ...one, injection: injection() } : outside;
      });
    for (const injected of [true, false])
      assert.deepEqual(decided(tenant(injected), ['shop'], { policy: paced }), ['restart'], `injected: ${injected}`);
  });
}

/** Writes that nobody can have made, or that would hold the pace now. */
const AHEAD = [Date.UTC(9998, 0), NOW + 30 * MINUTE, NOW + 1000, NOW - 1000].map((at) => ({ at, well: true }));

test('earlier writes that only a workload’s record names pace no other workload when it is restarted', () => {
  const record = restarted(HOUR, 'verified', { writes: [{ at: NOW - HOUR, well: true }, ...AHEAD] });
  const evil = assessed({ namespace: 'tenant', name: 'evil', annotations: recorded(record) });
  const entry = nextEntry(evil as Outdated, { wall: NOW, now: NOW });
  const restartedOne = journalled({ ...entry, outcome: 'verified' }, { namespace: 'tenant', name: 'evil' }, current);
  const policy = { ...POLICY, restartDelay: MINUTE, maxRestartsPerMinute: 1 };
  const decisions = [NOW + MINUTE - 1, NOW + MINUTE].map((now) =>
    decision([restartedOne], 'shop', { policy, now, wall: now }),
  );
  assert.deepEqual(decisions, ['max-restarts-per-minute', 'restart'], 'but it paces itself');
});

for (const [what, elsewhere, of] of [
  ['restartable workloads elsewhere, holds its namespace', {}, 'namespace'],
  ['nothing but Jobs elsewhere, holds the run: nothing can fail there', { kind: 'Job', unsupported: {} }, 'run'],
] as const)
  test(`a webhook that fails open in one namespace, with ${what}`, () => {
    const others = [...ended('shop', 'failed:no-sidecar'), assessed({ namespace: 'bank', ...elsewhere }, current)];
    const asked = assessed({ namespace: 'shop', name: 'asked' });
    const step = stepFor(plan([...others, asked], context({ journal: journalOf(others) })), asked.workload);
    assert.equal(step?.action === 'wait' && step.of, of);
  });

test('what is only listed is never followed, whatever the journal has under its name', () => {
  const one = { ...journalled(restarted(MINUTE)), workload: { ...assessed().workload, kind: 'Job', unsupported: {} } };
  const planned = plan([one], context({ journal: journalOf([one]), busy: new Set([keyOf(one.workload)]) }));
  assert.deepEqual(stepFor(planned, one.workload), { action: 'none' });
});
