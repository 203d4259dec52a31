import assert from 'node:assert/strict';
import { keyOf } from '../../../src/model.ts';
import { withTemplateOf } from '../../../src/observe/borrowedTemplate.ts';
import { Observations } from '../../../src/observe/observations.ts';
import { NOW, workload } from '../../builders/workload.ts';

test('a write of a workload that uses the template of another one shows it without that, and it is kept', () => {
  const template = { labels: { 'istio.io/rev': 'canary' }, annotations: {}, spec: {} };
  const lender = workload({ template, resourceVersion: '7' });
  const borrowed = { labels: {}, annotations: {}, spec: {} };
  const raw = workload({
    kind: 'Rollout',
    template: borrowed,
    selector: {},
    templateFrom: { kind: 'Deployment', name: lender.name },
  });
  const observations = new Observations();
  const seen = { workload: withTemplateOf(raw, lender), templateHash: 'h', groups: [], onLostNodes: 0, budgets: [] };
  observations.observed(keyOf(raw), seen, NOW);
  observations.wrote({ ...raw, annotations: { 'meltemi.dev/attempts': '1' }, resourceVersion: '2' });
  const { workload: now } = observations.of(keyOf(raw)) ?? {};
  assert.deepEqual([now?.resourceVersion, now?.template, now?.templateVersion], ['2', template, '7']);
  assert.deepEqual(now?.selector, lender.selector);
});

test('a scan shows a workload whose restart is followed already, unless that has seen it', () => {
  const observations = new Observations();
  const seen = (version: string) => ({
    workload: workload({ resourceVersion: version }),
    templateHash: 'h',
    groups: [],
    onLostNodes: 0,
    budgets: [],
  });
  const key = keyOf(workload());
  const busy = new Set([key]);
  const scan = (version: string) => observations.scanned(new Map([[key, seen(version)]]), undefined, NOW, busy);
  scan('1');
  assert.equal(observations.of(key)?.workload.resourceVersion, '1');
  scan('2');
  assert.equal(observations.of(key)?.workload.resourceVersion, '1');
  // it was read by itself since, and is gone
  observations.observed(key, undefined, NOW);
  scan('3');
  assert.equal(observations.of(key), undefined);
});

test('a scan that has not seen a workload does not forget it where it was read by itself since the scan began', () => {
  const observations = new Observations();
  const made = {
    workload: workload({ uid: 'made-again' }),
    templateHash: 'h',
    groups: [],
    onLostNodes: 0,
    budgets: [],
  };
  const key = keyOf(made.workload);
  const scanNothing = (began: number) => observations.scanned(new Map(), undefined, began, new Set());
  observations.observed(key, made, NOW);
  scanNothing(NOW - 1000);
  assert.equal(observations.of(key), made);
  scanNothing(NOW + 1000);
  assert.equal(observations.of(key), undefined);
});
