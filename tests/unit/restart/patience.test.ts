import assert from 'node:assert/strict';
import type { Verdict } from '../../../src/compare/verdict.ts';
import type { VerdictReasonCode } from '../../../src/compare/verdictReasons.ts';
import { excusedByInjector, excusedByStatus, patienceWith } from '../../../src/restart/patience.ts';
import { restarted } from '../../builders/journal.ts';
import { assessed, complete, MINUTE, NOW, workload } from '../../builders/workload.ts';

const LIMIT = { restartTimeout: 10 * MINUTE };
const INJECTOR = 'namespace.sidecar-injector.istio.io';
const failure = (words: string) =>
  workload({ rollout: { ...complete(3), createFailure: `${words} webhook "${INJECTOR}"` } });
const refused = failure('admission');
const notReached = failure('failed calling');
const seconds = (until: number | undefined) => until && (until - NOW) / 1000;

const statuses: [string, ReturnType<typeof workload>, number, number | undefined][] = [
  ['nothing is in the way: no excuse', workload(), 1, undefined],
  ['paused: the time limit counts from then', workload({ paused: true }), 5, 900],
  ['… but not beyond twice the time limit', workload({ paused: true }), 21, undefined],
  ['the injector refuses the pods: the same', refused, 5, 900],
  ['… but not beyond twice the time limit, either', refused, 21, undefined],
  [
    'the injector is not reached: the controller may wait as long as it has tried before its next try',
    notReached,
    5,
    320 + 320 + 600,
  ],
  ['… and a thousand seconds at most', notReached, 40, 2420 + 1000 + 600],
  ['… an hour beyond the time limit at most', notReached, 71, undefined],
];
for (const [name, given, after, expected] of statuses) {
  test(`by the status, after ${after} min: ${name}`, () => {
    const patience = patienceWith(restarted(0), LIMIT, NOW + after * MINUTE);
    assert.equal(seconds(excusedByStatus(given, patience, (webhook) => webhook === INJECTOR)), expected);
  });
}

const unknown = (code: VerdictReasonCode): Verdict => ({ state: 'unknown', reason: { code, detail: 'no answer' } });
const answers: [string, VerdictReasonCode, number, number | undefined][] = [
  ['an injector that cannot be reached', 'injector-unreachable', 5, 320 + 320 + 600],
  ['one that cannot be reached for an hour', 'injector-unreachable', 71, undefined],
  ['one that refuses the pods', 'injector-refused', 5, 900],
  ['one that refuses them for twice the time limit', 'injector-refused', 21, undefined],
  ['an answer that cannot be read', 'bad-answer', 5, undefined],
];
for (const [name, code, after, expected] of answers) {
  test(`by the injector, after ${after} min: ${name}`, () => {
    const patience = patienceWith(restarted(0), LIMIT, NOW + after * MINUTE);
    assert.equal(seconds(excusedByInjector({ ...assessed(), verdict: unknown(code) }, patience)), expected);
  });
}
