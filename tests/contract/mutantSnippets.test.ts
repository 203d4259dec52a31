import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { MUTANTS } from '../simulation/mutants.ts';

// the simulation says so too, but only after minutes
for (const { name, file, snippet } of MUTANTS)
  test(`the mutant "${name}" finds its place in ${file}`, () => {
    assert.equal(readFileSync(file, 'utf8').split(snippet).length - 1, 1, snippet);
  });
