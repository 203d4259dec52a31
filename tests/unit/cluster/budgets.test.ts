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
