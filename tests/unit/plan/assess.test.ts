import assert from 'node:assert/strict';
import { noSidecar } from '../../../src/compare/orphan.ts';
import { nobody } from '../../../src/expect/epoch.ts';
import { type Answered, assess } from '../../../src/plan/assess.ts';
import type { JournalEntry } from '../../../src/plan/journalEntry.ts';
import { fingerprint } from '../../../src/plan/record.ts';
import { reason } from '../../../src/reasons.ts';
import { restarted } from '../../builders/journal.ts';
import { context } from '../../builders/policy.ts';
import { assessed, expected, group, HOUR, injection } from '../../builders/workload.ts';

const entry = injection();
const { workload } = assessed({ namespace: 'shop' });
const outdated: Answered = {
  workload,
  templateHash: 'h',
  groups: [group()],
  onLostNodes: 0,
  budgets: [],
  match: { kind: 'entry', entry },
  answer: { kind: 'sidecar', sidecar: expected() },
};

const NOBODY: Answered['match'] = { kind: 'none', reason: reason('not-injected', 'no entry matches') };

/** What is found of it in a namespace that is, or is not, being deleted. */
function found(given: Partial<Answered>, deleting: boolean): string {
  const namespace = { labels: {}, annotations: {}, ...(deleting && { deleting }) };
  const { verdict } = assess(
    { ...outdated, ...given },
    {
      mesh: { injections: [entry], namespaces: new Map([['shop', namespace]]) },
      policy: context().policy,
      entryOf: () => undefined,
      learnt: () => [],
    },
  );
  return 'reason' in verdict ? `${verdict.state} ${verdict.reason.code}` : verdict.state;
}

const rows: [string, Partial<Answered>, otherwise: string, inDeletion: string][] = [
  ['an outdated workload', {}, 'outdated', 'skipped deleting'],
  ['a current one', { groups: [group({ image: expected().image })] }, 'current', 'skipped deleting'],
  ['one with a sidecar that no injector would add', { match: NOBODY }, 'skipped orphaned', 'skipped deleting'],
  ['one that could not be read', { unread: '403' }, 'unknown not-read', 'unknown not-read'],
];
for (const [name, given, otherwise, inDeletion] of rows)
  test(`${name} is ${otherwise}, and ${inDeletion} while its namespace is being deleted`, () =>
    assert.deepEqual([found(given, false), found(given, true)], [otherwise, inDeletion]));

const REMOVAL = { ...restarted(HOUR, 'verified'), restartedFor: fingerprint(noSidecar()), run: nobody(undefined).run };

test.each<[string, JournalEntry | undefined, run: string | undefined]>([
  ['whose sidecar a restart has removed is of the run that removes them', REMOVAL, REMOVAL.run],
  ['that was restarted for a sidecar is of no run', restarted(HOUR, 'verified'), undefined],
  ['that was never restarted is of no run', undefined, undefined],
])('a workload without sidecar %s', (_, journalEntry, run) => {
  const bare = { ...outdated, match: NOBODY, groups: [group({ placement: 'none', injected: false })] };
  const { injection: found } = assess(bare, {
    mesh: { injections: [entry], namespaces: new Map([['shop', { labels: {}, annotations: {} }]]) },
    policy: context().policy,
    entryOf: () => journalEntry,
    learnt: () => [],
  });
  assert.equal(found?.run, run);
});
