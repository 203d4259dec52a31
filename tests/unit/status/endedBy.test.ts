import assert from 'node:assert/strict';
import { endedBy } from '../../../src/status/endedBy.ts';
import type { WaitSum } from '../../../src/status/statusDocument.ts';
import { clusterStatus, statusDocument } from '../../builders/status.ts';

const status = clusterStatus(statusDocument(), { home: 'ops' });
const wait = (reason: string, given: Partial<WaitSum['example']> = {}): WaitSum => ({
  reason,
  workloads: 1,
  example: { kind: 'Deployment', namespace: 'shop', name: 'web', detail: '', ...given },
});

const ROWS: readonly [reason: string, command: string | undefined][] = [
  ['halted', 'meltemi resume -n ops'],
  ['owner-reverts', 'meltemi resume -n ops'],
  ['config-remains', 'meltemi resume -n ops'],
  ['gave-up', 'kubectl -n shop annotate deployment web --overwrite meltemi.dev/retry="$(date)"'],
  ['opted-out', 'kubectl -n shop annotate deployment web --overwrite meltemi.dev/restart=true'],
  ['not-opted-in', 'kubectl -n shop annotate deployment web --overwrite meltemi.dev/restart=true'],
  ['paused', 'kubectl -n shop rollout resume deployment web'],
  ['rollout-paused', 'kubectl -n shop annotate deployment web rollout-paused-'],
  ['max-in-flight', undefined],
  ['of another version', undefined],
];
for (const [reason, command] of ROWS)
  test(`${reason} is ended by ${command ?? 'no command'}`, () => assert.equal(endedBy(wait(reason), status), command));

test('a pause on the Lease is ended by a command, one in the policy where the policy is', () => {
  assert.equal(endedBy(wait('operator-paused'), { ...status, paused: 'freeze' }), 'meltemi resume -n ops');
  assert.equal(endedBy(wait('operator-paused'), status), undefined);
});

const EVIL = ['web; rm -rf ~', '$(id)', '`id`', '--all', "a'b", 'a\nb', '', '{name}', '$&', '\ud800', '../x'];
for (const name of EVIL)
  test(`a name that a shell would run makes no command: ${JSON.stringify(name)}`, () => {
    assert.equal(endedBy(wait('gave-up', { name }), status), undefined);
    assert.equal(endedBy(wait('gave-up', { namespace: name }), status), undefined);
    assert.equal(endedBy(wait('gave-up', { kind: name }), status), undefined);
    assert.equal(endedBy(wait('halted'), { ...status, home: name }), undefined);
  });
