import assert from 'node:assert/strict';
import { ANNOTATION } from '../../../src/names.ts';
import { isFailure, isWell, type Outcome, outcomeOf, resultOf } from '../../../src/plan/outcomes.ts';
import { recordOf } from '../../../src/plan/record.ts';

const rows: [outcome: Outcome, failure: boolean, well: boolean, result: string][] = [
  ['verified', false, true, 'verified'],
  ['superseded', false, true, 'superseded'],
  ['superseded:expectation', false, true, 'superseded'],
  ['reverted', false, false, 'reverted'],
  ['failed:no-sidecar', true, false, 'failed'],
  ['failed:of-another-version', true, false, 'failed'],
];
for (const [outcome, failure, well, result] of rows)
  test(`${outcome} counts ${failure ? 'as a failure' : 'as none'}, and ended ${well ? 'well' : 'not well'}`, () =>
    assert.deepEqual([isFailure(outcome), isWell(outcome), resultOf(outcome)], [failure, well, result]));

test('what a person wrote instead of an outcome ended nothing well', () => {
  const outcome = outcomeOf('constructor');
  assert.deepEqual([isFailure(outcome), isWell(outcome)], [false, false]);
});

test('a restart that has not ended is no failure', () => assert.equal(isFailure(undefined), false));

test('a record with the old word for pods without their sidecar is read as the new one', () => {
  const annotations = {
    [ANNOTATION.restartedFor]: 'aaaa',
    [ANNOTATION.restartedAt]: '2026-01-01T00:00:00Z',
    [ANNOTATION.outcome]: 'failed:not-injected',
  };
  assert.equal(recordOf({ annotations, createdAt: 0 })?.outcome, 'failed:no-sidecar');
});
