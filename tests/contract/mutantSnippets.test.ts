import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import {
  EVICTIONS,
  METRIC_GATES,
  MISTAKES,
  NEWS,
  RULES,
  SIDECARS,
  TIMES,
  TRUST,
  WAVES,
} from '../simulation/mutants.ts';

const ALL = [...RULES, ...SIDECARS, ...EVICTIONS, ...TIMES, ...METRIC_GATES, ...MISTAKES, ...TRUST, ...WAVES, ...NEWS];

// the simulation says so too, but only after minutes
for (const { name, file, snippet } of ALL)
  test(`the mutant "${name}" finds its place in ${file}`, () => {
    assert.equal(readFileSync(file, 'utf8').split(snippet).length - 1, 1, snippet);
  });
