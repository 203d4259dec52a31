import assert from 'node:assert/strict';
import { budgetOf } from '../../../src/cluster/budgets.ts';
import type { LabelSelector } from '../../../src/model.ts';
import { covering } from '../../../src/plan/budget.ts';
import { workload } from '../../builders/workload.ts';

const status = { observedGeneration: 2, disruptionsAllowed: 1, currentHealthy: 3, desiredHealthy: 2 };
const metadata = { name: 'web', namespace: 'shop', generation: 2 };

const allowances: [string, Parameters<typeof budgetOf>[0], number][] = [
  ['what its status says', { metadata, status }, 1],
  ['nothing before its status is up to date', { metadata: { ...metadata, generation: 3 }, status }, 0],
  ['nothing without a status', { metadata }, 0],
  ['nothing where it cannot be read', { metadata, status: { ...status, disruptionsAllowed: 'two' } } as never, 0],
];
for (const [name, raw, allowed] of allowances)
  test(`a budget allows ${name}`, () => assert.equal(budgetOf(raw).allowed, allowed));

const spent = { ...status, disruptionsAllowed: 0, currentHealthy: 2 };
const below = { ...spent, currentHealthy: 1 };
const ALWAYS = { unhealthyPodEvictionPolicy: 'AlwaysAllow' };
const unready: [string, Parameters<typeof budgetOf>[0], boolean][] = [
  ['where enough others are healthy', { metadata, status: spent }, true],
  ['not where too few are', { metadata, status: below }, false],
  ['… unless it always does', { metadata, spec: ALWAYS, status: below }, true],
  ['not where none is wanted', { metadata, status: { ...spent, desiredHealthy: 0 } }, false],
  ['not before its status is up to date', { metadata: { ...metadata, generation: 3 }, status: spent }, false],
  ['not where it cannot be read', { metadata, spec: { unhealthyPodEvictionPolicy: 1 }, status: spent } as never, false],
];
for (const [name, raw, lets] of unready)
  test(`a budget lets a pod go that is not Ready ${name}`, () =>
    assert.equal(budgetOf(raw).letsUnreadyGo === true, lets));

const selectors: [string, LabelSelector | undefined, boolean][] = [
  ['that selects its pods', { matchLabels: { app: 'web' } }, true],
  ['that selects others', { matchLabels: { app: 'api' } }, false],
  ['with an empty selector', {}, true],
  ['without a selector', undefined, false],
  ['with a selector that nobody understands', { matchExpressions: [{ key: 'app', operator: 'Near' }] }, true],
];
for (const [name, selector, covers] of selectors) {
  test(`a budget ${name} ${covers ? 'covers' : 'does not cover'} a workload`, () => {
    const budget = { namespace: 'shop', name: 'web', selector, allowed: 1, detail: '' };
    assert.equal(covering([budget], workload()).length === 1, covers);
    assert.deepEqual(covering([{ ...budget, namespace: 'other' }], workload()), []);
  });
}

const read: [string, Parameters<typeof budgetOf>[0], boolean][] = [
  ['whose selector is null covers nothing', { metadata, spec: { selector: null }, status }, false],
  ['that cannot be read covers its namespace', { metadata, status: { disruptionsAllowed: 'two' } } as never, true],
];
for (const [what, raw, covers] of read)
  test(`a budget ${what}`, () => assert.equal(covering([budgetOf(raw)], workload()).length === 1, covers));
