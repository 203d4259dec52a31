import assert from 'node:assert/strict';
import { nobody } from '../../../src/expect/epoch.ts';
import type { Injection, Mesh } from '../../../src/expect/mesh.ts';
import { NO_NAMESPACE } from '../../../src/model.ts';
import type { Outdated } from '../../../src/plan/assessed.ts';
import { sameInjections } from '../../../src/restart/sameInjections.ts';
import { assessed, entry, injection } from '../../builders/workload.ts';

const meshOf = (...injections: Mesh['injections']): Mesh => ({
  injections,
  namespaces: new Map([['shop', NO_NAMESPACE]]),
});
const ELSEWHERE = injection({ entry: entry({ namespaceSelector: { matchLabels: { team: 'other' } } }) });
const plannedFor = (given: Injection): Outdated => ({ ...(assessed() as Outdated), injection: given });

const rows: [name: string, mesh: Mesh, planned: Injection, isSame: boolean][] = [
  ['the same injector', meshOf(injection()), injection(), true],
  ['an injector whose configuration has changed', meshOf(injection({ epoch: 'later' })), injection(), false],
  ['nobody any more', meshOf(ELSEWHERE), injection(), false],
  ['nobody, as when it was planned', meshOf(ELSEWHERE), nobody(undefined), true],
  ['an injector where there was nobody', meshOf(injection()), nobody(undefined), false],
  ['nobody, perhaps because all injectors are gone by mistake', meshOf(), nobody(undefined), false],
];
for (const [name, mesh, planned, isSame] of rows) {
  test(`new pods get their sidecar from ${name}: the answer ${isSame ? 'holds' : 'is out of date'}`, () => {
    assert.equal(sameInjections(mesh, plannedFor(planned)), isSame);
  });
}
