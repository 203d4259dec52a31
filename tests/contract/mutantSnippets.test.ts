import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { EVICTIONS, MISTAKES, RULES, SIDECARS, TRUST } from '../simulation/mutants.ts';

// the simulation says so too, but only after minutes
for (const { name, file, snippet } of [...RULES, ...SIDECARS, ...EVICTIONS, ...MISTAKES, ...TRUST])
  test(`the mutant "${name}" finds its place in ${file}`, () => {
    assert.equal(readFileSync(file, 'utf8').split(snippet).length - 1, 1, snippet);
  });
