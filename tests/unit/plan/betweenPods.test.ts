import assert from 'node:assert/strict';
import type { Workload } from '../../../src/model.ts';
import { RESTART_ANNOTATION } from '../../../src/names.ts';
import { type Assessed, isOutdated } from '../../../src/plan/assessed.ts';
import { historyOf } from '../../../src/plan/history.ts';
import type { PlanContext } from '../../../src/plan/planContext.ts';
import { rolloutGroupsOf } from '../../../src/plan/rolloutGroups.ts';
import { waitBetweenPods } from '../../../src/plan/rules/rules.ts';
import { journalled, journalOf, restarted } from '../../builders/journal.ts';
import { context, POLICY, policy } from '../../builders/policy.ts';
import { complete, HOUR, injection, istiod, MINUTE, NOW, workload } from '../../builders/workload.ts';

const ON_DELETE: Partial<Workload> = { kind: 'StatefulSet', name: 'zone-a', strategy: 'OnDelete', maxUnavailable: 1 };
const ZONE: Partial<Workload> = { ...ON_DELETE, rolloutGroup: { name: 'ingester', paused: false } };
const db = (given: Partial<Workload> = {}): Assessed => journalled(restarted(MINUTE), { ...ON_DELETE, ...given });
const otherZone = (given: Partial<Workload>): Workload => workload({ ...ZONE, name: 'zone-b', ...given });
const named = (on: 'hold' | 'ignore'): Partial<PlanContext> => ({ policy: policy({ doNotDisrupt: on }) });
const ASKING = { labels: {}, annotations: { 'karpenter.sh/do-not-disrupt': 'true' }, spec: {} };
const budget = { namespace: 'shop', name: 'db', allowed: 0, detail: 'spent', selector: {} };
const failures = [1, 2, 3].map((name) => journalled(restarted(HOUR, 'failed:timeout'), { namespace: `n-${name}` }));
const closed = { freezes: [{ name: 'sale', from: NOW - HOUR, to: NOW + HOUR, timeZone: 'UTC' }] };

const rows: [string, Assessed, string | undefined, Partial<PlanContext>?, (readonly Workload[])?][] = [
  ['nothing holds it', db(), undefined],
  ['a person has paused Meltemi', db(), 'operator-paused', { paused: 'lunch' }],
  ['its people opt it out', db({ annotations: { [RESTART_ANNOTATION]: 'false' } }), 'opted-out'],
  ['they no longer opt it in', db(), 'not-opted-in', { policy: policy({ optIn: true }) }],
  ['the policy skips its namespace', db(), 'excluded', { policy: policy({ skipNamespaces: new Set(['shop']) }) }],
  ['the policy includes others only', db(), 'excluded', { policy: policy({ includeNamespaces: ['bank'] }) }],
  ['--namespaces no longer names its own', db(), 'excluded', { managedNamespaces: new Set(['bank']) }],
  ['… and still names it', db(), undefined, { managedNamespaces: new Set(['bank', 'shop']) }],
  ['a pod asks not to be disrupted', db({ template: ASKING }), 'do-not-disrupt', named('hold')],
  ['… and the policy does not mind', db({ template: ASKING }), undefined, named('ignore')],
  ['a watch is stale', db(), 'watch-stale', { stale: 'webhooks: connection refused' }],
  [
    'an upgrade of istiod begins',
    { ...db(), injection: injection({ istiod: istiod({ rollout: { ...complete(1), updated: 0 } }) }) },
    'istiod-rolling',
  ],
  ['its run is halted', db(), 'halted', { journal: journalOf(failures) }],
  ['its zone is paused', db({ ...ZONE, rolloutGroup: { name: 'ingester', paused: true } }), 'rollout-paused'],
  ['another zone is no longer OnDelete', db(ZONE), 'group-mixed', {}, [otherZone({ strategy: 'RollingUpdate' })]],
  ['another zone lacks a pod', db(ZONE), 'group-not-ready', {}, [otherZone({ rollout: { ...complete(3), ready: 2 } })]],
  ['its budget is spent', { ...db(), budgets: [budget] }, 'pdb'],
  [
    'Flagger analyses its Canary',
    {
      ...db(),
      canary: {
        role: 'primary',
        canary: {
          namespace: 'shop',
          name: 'db',
          target: { kind: 'StatefulSet', name: 'zone-a' },
          phase: 'Progressing',
        },
      },
    },
    'canary-analysis',
  ],
  ['a freeze begins: what has begun goes on', db(), undefined, { policy: policy(closed) }],
];

for (const [name, one, code, given, others = []] of rows) {
  test(`the next pod of a restart by evictions: ${name}`, () => {
    const inputs = context({ policy: POLICY, ...given });
    assert.ok(isOutdated(one));
    const wait = waitBetweenPods(one, {
      ...inputs,
      history: historyOf(inputs.journal, [...failures, one], NOW),
      rolloutGroups: rolloutGroupsOf([one.workload, ...others]),
    });
    assert.equal(wait?.reason.code, code);
  });
}
