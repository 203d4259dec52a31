import assert from 'node:assert/strict';
import { judge } from '../../../src/compare/judge.ts';
import type { Verdict } from '../../../src/compare/verdict.ts';
import { keyOf } from '../../../src/model.ts';
import { type Assessed, bySidecar, type Outdated } from '../../../src/plan/assessed.ts';
import { contradictionsIn } from '../../../src/plan/contradictions.ts';
import { historyOf } from '../../../src/plan/history.ts';
import type { JournalEntry } from '../../../src/plan/journalEntry.ts';
import { nextEntry } from '../../../src/plan/nextEntry.ts';
import type { Outcome } from '../../../src/plan/outcomes.ts';
import { plan, type Step, waitsOf } from '../../../src/plan/plan.ts';
import type { PlanContext } from '../../../src/plan/planContext.ts';
import { fingerprint, outcomePatch, recordOf, type Target, targetsOf } from '../../../src/plan/record.ts';
import { ruleContextOf } from '../../../src/plan/ruleContext.ts';
import { waitBetweenPods } from '../../../src/plan/rules/rules.ts';
import { reason } from '../../../src/reasons.ts';
import { recorded, restarted } from '../../builders/journal.ts';
import { context, POLICY } from '../../builders/policy.ts';
import { assessedSidecar, dapr, vault, withSidecars } from '../../builders/sidecars.ts';
import { assessed, expected, group, HOUR, injection, istiod, MINUTE, NOW, workload } from '../../builders/workload.ts';

const CURRENT: Verdict = { state: 'current', expected: expected(), drifts: [] };
/** The verdict where all pods have what they should. */
const asExpected = (verdict: Verdict): Verdict => ({
  ...CURRENT,
  ...('expected' in verdict && { expected: verdict.expected }),
});
const UNREACHABLE: Verdict = { state: 'unknown', reason: reason('injector-unreachable', 'refused') };
const UNKNOWN: Verdict = { state: 'unknown', reason: reason('match-conditions', 'cannot be evaluated') };
/** The verdict on pods with a sidecar that no webhook would inject. */
function gone(match: object, rules = POLICY, names = ['app']): Verdict {
  const none = { kind: 'none', reason: reason('not-injected', 'no entry matches'), ...match } as const;
  const spec = { containers: names.map((name) => ({ name, image: `${name}:1` })) };
  const one = workload({ template: { labels: {}, annotations: {}, spec } });
  return judge(one, none, undefined, [group()], rules);
}
const VAULT = assessedSidecar(vault(), 'vault:2');
const DAPR = assessedSidecar(dapr, 'daprd:2');
const AT = { wall: NOW, now: NOW };
const epochs = new Map([...(context().epochSeenAt ?? []), [DAPR.injection?.epoch ?? '', NOW - HOUR]]);

function stepFor(one: Assessed, given: Partial<PlanContext> = {}): Step & { readonly sidecar: string } {
  const [item] = plan([one], context({ epochSeenAt: epochs, ...given })).items;
  assert.ok(item);
  return { ...item.step, sidecar: item.source?.name ?? 'istio' };
}

/** What a step says, in short: the sidecar, the action, and the sidecars that the restart is for, too. */
function words(step: Step & { readonly sidecar: string }): string {
  const together = step.action === 'restart' ? (step.together ?? []).map(({ source }) => source?.name ?? 'istio') : [];
  const why = waitsOf(step).map(({ reason: { code } }) => code);
  return [step.sidecar, step.action, ...together, ...why].join(' ');
}

const rolling = injection({ istiod: istiod({ generation: 2 }) });
const gaveUpOnIstio = restarted(HOUR, 'failed:wrong-image');

const PLANS: readonly [name: string, one: Assessed, step: string][] = [
  ['one restart is for all outdated sidecars', withSidecars([VAULT, DAPR]), 'istio restart vault dapr'],
  ['an outdated sidecar is restarted although Istio’s is current', withSidecars([VAULT], CURRENT), 'vault restart'],
  [
    'Istio’s gate holds restarts for Istio’s proxy',
    { ...withSidecars([]), injection: rolling },
    'istio wait istiod-rolling',
  ],
  ['and no others', { ...withSidecars([VAULT, DAPR]), injection: rolling }, 'vault restart dapr'],
  [
    'a sidecar that was given up on keeps no other from being restarted',
    { ...withSidecars([VAULT]), entry: gaveUpOnIstio },
    'vault restart',
  ],
  [
    'each outdated sidecar has its own reason to wait',
    {
      ...withSidecars([
        {
          ...VAULT,
          injection: {
            ...VAULT.injection,
            notReady: [{ namespace: 'vault', name: 'injector', problem: 'has no replicas' }],
          } as never,
        },
      ]),
      injection: rolling,
    },
    'istio wait istiod-rolling ready-first',
  ],
  [
    'an unreachable injector of another sidecar holds the restart: new pods need it',
    withSidecars([{ ...DAPR, verdict: UNREACHABLE }]),
    'istio wait other-sidecar',
  ],
  [
    'pods lose no other sidecar whose webhook may only be missing for a moment',
    withSidecars([{ ...DAPR, verdict: gone({ doubt: 'the cluster has no such webhook' }) }]),
    'istio wait other-sidecar',
  ],
  [
    '… nor one whose revision has no injector left',
    withSidecars([VAULT], gone({ revisions: ['canary'] })),
    'vault wait other-sidecar',
  ],
  [
    '… whether or not such pods are reported',
    withSidecars([VAULT], gone({ doubt: 'the cluster has no injector' }, { ...POLICY, reportOn: new Set() })),
    'vault wait other-sidecar',
  ],
  [
    '… and what is in the template stays',
    withSidecars([VAULT], gone({ doubt: 'the cluster has no injector' }, POLICY, ['istio-proxy'])),
    'vault restart',
  ],
  [
    'a sidecar that somebody no longer wishes holds nothing',
    withSidecars([VAULT], gone({ revisions: ['default'] })),
    'vault restart',
  ],
  [
    'an answer that may stay unknown for ever holds nothing',
    withSidecars([{ ...DAPR, verdict: UNKNOWN }]),
    'istio restart',
  ],
  ['what is current needs nothing', withSidecars([{ ...VAULT, verdict: CURRENT }], CURRENT), 'istio none'],
];

for (const [name, one, step] of PLANS) test(`sidecars: ${name}`, () => assert.equal(words(stepFor(one)), step));

test('a workload that waits for a webhook says for which', () => {
  const step = stepFor(withSidecars([{ ...DAPR, verdict: gone({ doubt: 'the cluster has no such webhook' }) }]));
  assert.equal(
    waitsOf(step)[0]?.reason.detail,
    'new pods may lose the sidecar of dapr: the cluster has no such webhook',
  );
});

test('a webhook that seems to be missing also keeps the next pod from being evicted', () => {
  const one = withSidecars([{ ...DAPR, verdict: gone({ doubt: 'the cluster has no such webhook' }) }]);
  const rules = ruleContextOf([one], context({ epochSeenAt: epochs }));
  assert.equal(waitBetweenPods(one as Outdated, rules)?.reason.code, 'other-sidecar');
});

test('an answer that contradicts a verified restart waits, although another sidecar was restarted for since', () => {
  const istio = { ...restarted(2 * HOUR, 'verified', { restartedFor: 'other' }), confirmed: true };
  const [, after] = bySidecar({ ...withSidecars([VAULT]), entry: istio });
  const entry = { ...nextEntry(after as Outdated, AT), confirmed: true, outcome: 'verified' } as const;
  const one = { ...withSidecars([{ ...VAULT, verdict: asExpected(VAULT.verdict) }]), entry };
  assert.deepEqual(contradictionsIn(one), ['istio']);
  assert.equal(words(stepFor(one, { contradictedSince: new Map() })), 'istio wait answer-contradicted');
});

test('the first restart for a wanted image goes alone, also if it is for Istio’s proxy at the same time', () => {
  const wanted = { ...VAULT, hinted: true };
  const all = [withSidecars([wanted], undefined, 'a'), withSidecars([wanted], CURRENT, 'b')];
  const placed = all.map((one, index) => ({
    ...one,
    workload: { ...one.workload, namespace: `n${index}`, uid: `${index}` },
  }));
  const steps = plan(placed, context({ epochSeenAt: epochs })).items.map(({ step, source }) =>
    words({ ...step, sidecar: source?.name ?? 'istio' }),
  );
  assert.deepEqual(steps, ['istio restart vault', 'vault wait first-of-its-kind']);
});

test('… also if it is the other sidecar whose image is sure', () => {
  const all = ['a', 'b'].map((namespace) => {
    const one = withSidecars([VAULT]);
    return { ...one, hinted: true, workload: { ...one.workload, namespace, uid: namespace } };
  });
  const steps = plan(all, context({ epochSeenAt: epochs })).items.map(({ step }) =>
    words({ ...step, sidecar: 'istio' }),
  );
  assert.deepEqual(steps, ['istio restart vault', 'istio wait first-of-its-kind']);
});

const asOutdated = (one: Assessed): Outdated => one as Outdated;
const both = (): [Outdated, Outdated] => {
  const [istio, other] = bySidecar(withSidecars([VAULT])).map(asOutdated);
  assert.ok(istio && other);
  return [istio, other];
};
const targets = (entry: JournalEntry): string[] =>
  targetsOf(entry).map(({ restartedFor, outcome }) => `${restartedFor.split(':')[0]?.slice(0, 5)} ${outcome}`);
const ISTIO_TARGET = fingerprint(expected()).slice(0, 5);

test('the record of a restart has a target for each sidecar that it is for', () => {
  const [istio, other] = both();
  const entry = nextEntry(istio, AT, [other]);
  assert.deepEqual(targets(entry), [`${ISTIO_TARGET} undefined`, 'vault undefined']);
  assert.equal(entry.others?.[0]?.run, VAULT.injection?.run, 'a failure counts for the run of the policy');
});

test('a restart for one sidecar does not make a failure of another forgotten', () => {
  const [istio, other] = both();
  const failed = { ...nextEntry(istio, AT), confirmed: true, outcome: 'failed:wrong-image' } as const;
  const entry = nextEntry({ ...other, entry: failed }, { wall: NOW + HOUR, now: NOW + HOUR });
  assert.deepEqual(targets(entry), ['vault undefined', `${ISTIO_TARGET} failed:wrong-image`]);
  const after = {
    ...withSidecars([{ ...VAULT, verdict: CURRENT }]),
    entry: { ...entry, outcome: 'verified' } as const,
  };
  assert.equal(words(stepFor(after)), 'istio wait gave-up');
  const key = keyOf(istio.workload);
  const counted = historyOf(new Map([[key, { ...entry, confirmed: true, outcome: 'verified' }]]), [], NOW + HOUR);
  assert.deepEqual(counted.failures.get('run'), new Map([['shop', 1]]), 'and it still counts for the halt of its run');
});

test('… nor an earlier failure of it, where a later restart for it went well', () => {
  const [istio] = both();
  const [failed, later] = [OTHER, { ...OTHER, restartedFor: `vault:${'c'.repeat(16)}`, restartedAt: NOW - MINUTE }];
  const entry = restarted(HOUR, 'verified', { others: [failed, { ...later, outcome: 'verified' }] });
  assert.deepEqual(targets(nextEntry({ ...istio, entry }, AT)), [
    `${ISTIO_TARGET} undefined`,
    'vault failed:wrong-image',
    'vault verified',
  ]);
});

test('a new target of the same sidecar takes the place of the old one', () => {
  const [, other] = both();
  const old = { ...nextEntry(other, AT), confirmed: true, outcome: 'failed:wrong-image' } as const;
  const newer = asOutdated({ ...assessed(), ...assessedSidecar(vault('vault:3'), 'vault:3'), entry: old });
  assert.deepEqual(targets(nextEntry(newer, { wall: NOW + HOUR, now: NOW + HOUR })), ['vault undefined']);
});

const OPEN: readonly [name: string, one: Assessed, namespace: string, step: string][] = [
  ['holds those for another one', withSidecars([VAULT], CURRENT), 'shop', 'vault wait other-sidecar'],
  ['holds no other namespace', withSidecars([VAULT], CURRENT), 'bank', 'vault restart'],
  [
    'holds nothing that has no such sidecar',
    { ...withSidecars([VAULT], CURRENT), groups: [group({ placement: 'none' })] },
    'shop',
    'vault restart',
  ],
];

for (const [name, one, namespace, step] of OPEN)
  test(`a restart whose pods come without their sidecar ${name}`, () => {
    const failed = asOutdated(assessed({ name: 'other', namespace, uid: 'other' }));
    const entry = { ...nextEntry(failed, AT), confirmed: true, outcome: 'failed:no-sidecar' } as const;
    const journal = new Map([[keyOf(failed.workload), entry]]);
    // two more namespaces, so that none is alone
    const elsewhere = ['bank', 'mail'].map((place) => assessed({ name: 'more', namespace: place }, CURRENT));
    const { items } = plan([one, failed, ...elsewhere], context({ epochSeenAt: epochs, journal }));
    const item = items.find(({ workload: { name: web } }) => web === 'web');
    assert.ok(item);
    assert.equal(words({ ...item.step, sidecar: item.source?.name ?? 'istio' }), step);
  });

const OTHER: Target = {
  restartedFor: `vault:${'a'.repeat(16)}`,
  restartedAt: NOW - HOUR,
  attempts: 1,
  run: 'b'.repeat(16),
  outcome: 'failed:wrong-image',
};

test('the record on a workload keeps the other targets', () => {
  const record = restarted(0, 'verified', { others: [OTHER] });
  assert.deepEqual(recordOf(workload({ annotations: recorded(record) }))?.others, [OTHER]);
});

test('without other targets their annotation is removed', () => {
  const patch = outcomePatch('1', restarted(0)) as { metadata: { annotations: Record<string, unknown> } };
  assert.equal(patch.metadata.annotations['meltemi.dev/other-sidecars'], null);
});

test('a forged record of other targets makes no run fail, and fills no journal', () => {
  const evil = (target: Partial<Target>, others = [VAULT]): string[] => {
    const forged = restarted(HOUR, 'verified', { others: [{ ...OTHER, ...target }] });
    const one = asOutdated({ ...withSidecars(others), workload: workload({ annotations: recorded(forged) }) });
    return targetsOf(nextEntry(one, AT)).map(({ run, outcome }) => `${run} ${outcome}`);
  };
  assert.deepEqual(evil({}), ['run undefined', ' failed:wrong-image'], 'it counts for no run');
  assert.deepEqual(evil({}, []), ['run undefined'], 'what the policy does not name is not kept');
  assert.deepEqual(evil({ outcome: `failed:${'x'.repeat(100)}` }), ['run undefined'], 'nor a text that is none');
});

for (const [name, text] of [
  ['a foreign fingerprint', `vault:${'a'.repeat(17)} 2026-01-01T00:00:00Z 1 ${'b'.repeat(16)} failed:wrong-image`],
  ['a foreign run', `vault:${'a'.repeat(16)} 2026-01-01T00:00:00Z 1 everything failed:wrong-image`],
  ['no time', `vault:${'a'.repeat(16)} yesterday 1 ${'b'.repeat(16)} failed:wrong-image`],
] as const) {
  test(`other targets that cannot be Meltemi’s are ignored: ${name}`, () => {
    const annotations = { ...recorded(restarted(0, 'verified')), 'meltemi.dev/other-sidecars': text };
    assert.equal(recordOf(workload({ annotations }))?.others, undefined);
  });
}

test('an episode ends when the sidecars of all its targets are current', () => {
  const [istio, other] = both();
  const { others = [], ...entry } = nextEntry(istio, AT, [other]);
  const failed = others.map((target) => ({ ...target, outcome: 'failed:timeout' }) as const);
  const journalled = { ...entry, confirmed: true, outcome: 'failed:timeout', others: failed } as const;
  const one = { ...withSidecars([{ ...VAULT, verdict: asExpected(VAULT.verdict) }], CURRENT), entry: journalled };
  assert.equal(stepFor(one, { resumedAt: NOW }).action, 'close');
  assert.notEqual(stepFor({ ...one, others: [VAULT] }).action, 'close');
});

test('… also if the policy no longer names one of them', () => {
  const [istio, other] = both();
  const { others = [], ...entry } = nextEntry(istio, AT, [other]);
  const failed = others.map((target) => ({ ...target, outcome: 'failed:timeout' }) as const);
  const journalled = { ...entry, confirmed: true, outcome: 'failed:timeout', others: failed } as const;
  const current = { ...assessed({}, CURRENT), entry: journalled };
  assert.equal(stepFor(current, { resumedAt: NOW }).action, 'close');
  const closed = { ...journalled, outcome: 'verified' } as const;
  assert.equal(stepFor({ ...current, entry: closed }, { resumedAt: NOW }).action, 'none', 'and it ends once');
});

test('the policy’s own setting is in force at once, without the delay for istiod', () => {
  const one = { ...assessed({}, CURRENT), others: [VAULT] };
  assert.equal(
    words(stepFor(one, { epochSeenAt: new Map(), policy: { ...POLICY, istiodConfigReadDelay: HOUR } })),
    'vault restart',
  );
});

/** What a workload of namespace `shop` waits for after restarts for the second sidecar have ended so in these namespaces. */
function heldAfter(outcome: Outcome, namespaces: readonly string[]): string {
  const other = asOutdated({ ...assessed(), ...VAULT });
  const ended = namespaces.map((namespace, index): [Assessed, JournalEntry] => {
    const one = asOutdated({ ...other, ...assessed({ name: `w${index}`, namespace, uid: `w${index}` }), ...VAULT });
    return [one, { ...nextEntry(one, AT), confirmed: true, outcome }];
  });
  const journal = new Map(ended.map(([one, entry]) => [keyOf(one.workload), entry] as const));
  const seen = [other, ...ended.map(([one]) => ({ ...one, verdict: CURRENT }))];
  const { items } = plan(seen, context({ journal }));
  const step = items.find(({ workload: { name } }) => name === 'web')?.step;
  return step?.action === 'wait' ? step.reason.detail : (step?.action ?? '');
}

const WRONG = 'the injector gives another image than the policy wants';
const HELD: readonly [name: string, outcome: Outcome, namespaces: readonly string[], held: RegExp][] = [
  ['a halt names the sidecar', 'failed:timeout', ['a', 'b', 'c'], /^3 restarts towards sidecar vault failed in 3/],
  ['one failure is no halt', 'failed:timeout', ['a'], /^restart$/],
  ['one wrong image holds its namespace', 'failed:wrong-image', ['shop'], new RegExp(`^${WRONG}: see .*shop/w0`)],
  ['one wrong image holds no other namespace', 'failed:wrong-image', ['a'], /^restart$/],
  ['two hold all', 'failed:wrong-image', ['a', 'b'], new RegExp(`^${WRONG}: see .*a/w0`)],
];

for (const [name, outcome, namespaces, held] of HELD)
  test(`failures of a wanted image: ${name}`, () => assert.match(heldAfter(outcome, namespaces), held));
