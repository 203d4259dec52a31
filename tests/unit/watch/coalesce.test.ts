import assert from 'node:assert/strict';
import { injectionOf } from '../../../src/expect/epoch.ts';
import type { Mesh } from '../../../src/expect/mesh.ts';
import type { Labels } from '../../../src/model.ts';
import { Changes, type MeshChange, scopeOf } from '../../../src/watch/changes.ts';
import { Coalesce } from '../../../src/watch/coalesce.ts';
import { dapr } from '../../builders/sidecars.ts';
import { entry, injection, istiod } from '../../builders/workload.ts';

test('a burst is looked at two seconds after its last change', () => {
  const burst = new Coalesce();
  burst.note(0);
  burst.note(1500);
  assert.deepEqual([burst.take(3400), burst.take(3500), burst.take(9000)], [false, true, false]);
});

test('a burst that does not end is looked at after ten seconds', () => {
  const burst = new Coalesce();
  for (let at = 0; at <= 10_000; at += 1000) burst.note(at);
  assert.equal(burst.dueAt(), 10_000);
});

const mesh = (epoch: string, labels: Labels, annotations: Labels = {}): Mesh => ({
  injections: [injection({ epoch })],
  namespaces: new Map([['shop', { labels, annotations }]]),
});
const scopes: [string, Mesh | undefined, Mesh, string][] = [
  ['the first mesh concerns everything', undefined, mesh('1', {}), 'everything'],
  ['another epoch concerns everything', mesh('1', {}), mesh('2', {}), 'everything'],
  ['a relabelled namespace concerns itself', mesh('1', {}), mesh('1', { 'istio.io/rev': 'x' }), 'namespaces'],
  ['another value of a label does too', mesh('1', { a: '1' }), mesh('1', { a: '2' }), 'namespaces'],
  ['a removed label does too', mesh('1', { a: '1' }), mesh('1', {}), 'namespaces'],
  ['an annotation on a namespace asks for no look at pods', mesh('1', {}), mesh('1', {}, { a: '1' }), 'nothing'],
  [
    'a namespace that is gone concerns itself',
    mesh('1', {}),
    { ...mesh('1', {}), namespaces: new Map() },
    'namespaces',
  ],
  [
    'a ProxyConfig concerns its namespace',
    mesh('1', {}),
    { ...mesh('1', {}), namespaces: new Map([['shop', { labels: {}, annotations: {}, proxyConfigs: 'h' }]]) },
    'namespaces',
  ],
  ['nothing changed', mesh('1', { a: '1' }), mesh('1', { a: '1' }), 'nothing'],
];
for (const [name, before, after, expected] of scopes)
  test(name, () => assert.equal(scopeOf(before, after).kind, expected));

const labelled = mesh('1', { a: '1' });
const SHOP = { namespaces: ['shop'], epochs: false };
const EPOCHS = { namespaces: [], epochs: true };
const passing: [string, [now: Mesh, change?: MeshChange][], string][] = [
  ['what did not change at all', [[labelled]], 'nothing'],
  ['what says of itself that it touches nothing', [[labelled, { namespaces: [], epochs: false }]], 'nothing'],
  [
    'a label that went and came back',
    [
      [mesh('1', {}), SHOP],
      [labelled, SHOP],
    ],
    'namespaces',
  ],
  ['a label that went and came back in one burst', [[labelled, SHOP]], 'namespaces'],
  ['an epoch that went and came back', [[mesh('2', { a: '1' })], [labelled]], 'everything'],
  ['an epoch that went and came back in one burst', [[labelled, EPOCHS]], 'everything'],
  ['an epoch that changed for good', [[mesh('2', { a: '1' })]], 'everything'],
];
for (const [name, states, expected] of passing)
  test(`between two looks pods may be born: ${name} concerns ${expected}`, () => {
    const changes = new Changes(labelled);
    for (const [now, change] of states) changes.note(() => now, change);
    assert.equal(changes.take(states.at(-1)?.[0] ?? labelled).kind, expected);
    assert.equal(changes.take(states.at(-1)?.[0] ?? labelled).kind, 'nothing', 'it is told once');
  });

test('a change that says what it touches does not have the mesh built', () => {
  const changes = new Changes(labelled);
  changes.note(() => assert.fail('the mesh was asked for'), SHOP);
  assert.deepEqual(changes.take(labelled), { kind: 'namespaces', names: ['shop'] });
});

test('what was told and what is seen without being told are both looked at', () => {
  const changes = new Changes(labelled);
  changes.note(() => labelled, { namespaces: ['bank'], epochs: false });
  assert.deepEqual(changes.take(mesh('1', { a: '2' })), { kind: 'namespaces', names: ['bank', 'shop'] });
});

const base = { injectorConfig: { values: '{}' }, meshConfig: { mesh: '' }, istiod: istiod() };
const epochs: [string, ReturnType<typeof injectionOf>, boolean][] = [
  ['a rewritten CA bundle', injectionOf(entry({ caBundle: 'new' }), base), false],
  ['istiod’s status', injectionOf(entry(), { ...base, istiod: istiod({ generation: 9 }) }), false],
  ['keys in another order', injectionOf(entry(), { ...base, injectorConfig: JSON.parse('{"values":"{}"}') }), false],
  ['injector configuration', injectionOf(entry(), { ...base, injectorConfig: { values: '{"a":1}' } }), true],
  ['mesh configuration', injectionOf(entry(), { ...base, meshConfig: { mesh: 'x' } }), true],
  ['istiod’s pod template', injectionOf(entry(), { ...base, istiod: istiod({ templateHash: 'new' }) }), true],
  ['a ProxyConfig of the root namespace', injectionOf(entry(), { ...base, rootProxyConfigs: 'h' }), true],
  ['answers that have changed', injectionOf(entry(), { ...base, answersVersion: 1 }), true],
  ['a selector', injectionOf(entry({ objectSelector: { matchLabels: { a: '1' } } }), base), true],
];
for (const [name, after, changes] of epochs) {
  test(`${name} ${changes ? 'is' : 'is not'} another epoch`, () =>
    assert.equal(after.epoch !== injectionOf(entry(), base).epoch, changes));
}

test('a changed selector is another epoch of the same run', () => {
  assert.equal(
    injectionOf(entry({ objectSelector: { matchLabels: { a: '1' } } }), base).run,
    injectionOf(entry(), base).run,
  );
});

test('an entry’s revision is that of the istiod that answers, else its label, else default', () => {
  const revision = (label: string, content: Parameters<typeof injectionOf>[1]): string =>
    injectionOf(entry({ revision: label }), content).entry.revision;
  const canary = istiod({ revision: 'canary' });
  assert.deepEqual(
    [revision('old', { istiod: canary }), revision('old', {}), revision('', { istiod: canary }), revision('', {})],
    ['canary', 'old', 'canary', 'default'],
  );
});

test('each change of its answers is another epoch of the same run', () => {
  const [none, without, once, twice] = [undefined, 0, 1, 2].map((answersVersion) =>
    injectionOf(entry(), { ...base, ...(answersVersion !== undefined && { answersVersion }) }),
  );
  assert.equal(none?.epoch, without?.epoch);
  assert.equal(new Set([without, once, twice].map((one) => one?.epoch)).size, 3);
  assert.equal(new Set([without, once, twice].map((one) => one?.run)).size, 1);
});

const known: [string, Parameters<typeof injectionOf>[1], boolean][] = [
  ['with the istiod that reads it', base, true],
  ['but not without its istiod', { injectorConfig: base.injectorConfig }, false],
  ['but not where other ProxyConfigs may count', { ...base, proxyConfigsUnread: true }, false],
  ['but not of another source', { ...base, source: dapr }, false],
];
for (const [name, content, isKnown] of known)
  test(`an injector is known by its configuration ${name}`, () =>
    assert.equal(injectionOf(entry(), content).injectorConfig, isKnown ? base.injectorConfig : undefined));

test('what a webhook’s source waits for is part of its injection, and only Istio has revisions', () => {
  const notReady = [{ namespace: 'dapr-system', name: 'injector', problem: 'has no replicas' }];
  const waiting = injectionOf(entry({ revision: 'canary' }), { source: dapr, notReady });
  assert.deepEqual([waiting.notReady, waiting.entry.revision], [notReady, '']);
  assert.ok(!('notReady' in injectionOf(entry(), { source: dapr, notReady: [] })));
});
