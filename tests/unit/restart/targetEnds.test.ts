import assert from 'node:assert/strict';
import type { Verdict } from '../../../src/compare/verdict.ts';
import { byImage } from '../../../src/expect/sources/byImage.ts';
import type { Assessed, AssessedSidecar } from '../../../src/plan/assessed.ts';
import { fingerprint, type Target } from '../../../src/plan/record.ts';
import { reason } from '../../../src/reasons.ts';
import type { Progress } from '../../../src/restart/progress.ts';
import { endsOf, isUnknown } from '../../../src/restart/targetEnds.ts';
import { restarted } from '../../builders/journal.ts';
import { POLICY } from '../../builders/policy.ts';
import { assessed, expected, group, injection, MINUTE, NOW, outdated } from '../../builders/workload.ts';

const WANTED = expected({ source: 'vault', image: 'hashicorp/vault:1.17.2', revision: '', placement: 'any' });
const VAULT: Target = { restartedFor: fingerprint(WANTED), restartedAt: NOW, attempts: 1, run: 'vault' };
const EARLIER: Target = { ...VAULT, restartedAt: NOW - MINUTE, outcome: 'failed:wrong-image' };
const BOTH = restarted(0, undefined, { others: [VAULT] });

const CURRENT: Verdict = { state: 'current', expected: expected(), drifts: [] };
const VAULT_CURRENT: Verdict = { state: 'current', expected: WANTED, drifts: [] };
const VAULT_OUTDATED = outdated({ expected: WANTED });
const UNKNOWN: Verdict = { state: 'unknown', reason: reason('bad-answer', 'x') };

const vault = (verdict: Verdict): AssessedSidecar => ({
  source: byImage.sourceOf({ name: 'vault', container: 'vault-agent' }, WANTED.image),
  match: { kind: 'entry', entry: injection() },
  groups: [group()],
  verdict,
});
const istioAnd = (istio: Verdict, other?: Verdict): Assessed => ({
  ...assessed({}, istio),
  ...(other && { others: [vault(other)] }),
});

const complete: Progress = { kind: 'complete', late: false };
const late: Progress = { kind: 'complete', late: true };
const reverted: Progress = { kind: 'replaced', end: { outcome: 'reverted', detail: '' } };

const rows: [name: string, entry: typeof BOTH, progress: Progress, assessed: Assessed, ends: string][] = [
  ['both are right', BOTH, complete, istioAnd(CURRENT, VAULT_CURRENT), 'verified, verified'],
  [
    'one is wrong: each has its own end',
    BOTH,
    complete,
    istioAnd(CURRENT, VAULT_OUTDATED),
    'verified, failed:wrong-image',
  ],
  ['… whichever it is', BOTH, complete, istioAnd(outdated(), VAULT_CURRENT), 'failed:wrong-image, verified'],
  ['one is unknown: the restart goes on for both', BOTH, complete, istioAnd(CURRENT, UNKNOWN), 'goes on'],
  ['… until the time limit', BOTH, late, istioAnd(CURRENT, UNKNOWN), 'verified, failed:unverified'],
  ['the policy no longer names one', BOTH, complete, istioAnd(CURRENT), 'verified, superseded:expectation'],
  ['taken back: so it is for both', BOTH, reverted, istioAnd(outdated(), VAULT_OUTDATED), 'reverted, reverted'],
  [
    'a target of an earlier restart keeps the end that it has',
    restarted(0, undefined, { others: [EARLIER] }),
    complete,
    istioAnd(CURRENT, VAULT_OUTDATED),
    'verified',
  ],
];
for (const [name, entry, progress, one, expectedEnds] of rows) {
  test(`a restart for two sidecars: ${name}`, () => {
    const ends = endsOf(entry, one, { progress, rules: POLICY, inherited: false });
    assert.equal(ends?.map(({ end }) => end.outcome).join(', ') ?? 'goes on', expectedEnds);
  });
}

test('the end of each target comes with the workload as that sidecar sees it', () => {
  const ends = endsOf(BOTH, istioAnd(CURRENT, VAULT_OUTDATED), { progress: complete, rules: POLICY, inherited: false });
  assert.deepEqual(
    ends?.map(({ target, assessed: one }) => [target.run, one.source?.name, one.verdict.state]),
    [
      ['run', undefined, 'current'],
      ['vault', 'vault', 'outdated'],
    ],
  );
});

test('only the sidecar of a target says whether that target is unknown', () => {
  const one = istioAnd(UNKNOWN, VAULT_CURRENT);
  assert.deepEqual([isUnknown(one, BOTH), isUnknown(one, VAULT)], [true, false]);
  assert.equal(isUnknown(istioAnd(CURRENT), VAULT), false, 'one that the policy no longer names');
});
