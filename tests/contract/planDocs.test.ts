import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Row } from '../../src/report/row.ts';

/** Every field of a workload in a plan for programs. One that is missing here, or not there, does not compile. */
const FIELDS: Readonly<Record<keyof Row, true>> = {
  kind: true,
  namespace: true,
  name: true,
  verdict: true,
  action: true,
  reason: true,
  detail: true,
  until: true,
  wave: true,
  order: true,
  drifts: true,
  pods: true,
  outdatedPods: true,
  from: true,
  to: true,
  sidecar: true,
  revision: true,
  webhook: true,
  others: true,
  outage: true,
  doNotDisrupt: true,
  lastOutcome: true,
};

test('docs/plan.md has the fields of a workload, and no others', () => {
  const [, section = ''] = /^## For programs\n([\s\S]*?)^## /m.exec(readFileSync('docs/plan.md', 'utf8')) ?? [];
  const named = [...section.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = '']) => cell.match(/\w+/g) ?? []);
  assert.deepEqual(named.sort(), Object.keys(FIELDS).sort());
});
