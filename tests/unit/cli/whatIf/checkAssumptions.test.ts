import assert from 'node:assert/strict';
import { assumedText } from '../../../../src/cli/whatIf/assumedText.ts';
import { checkAssumptions } from '../../../../src/cli/whatIf/checkAssumptions.ts';
import { parseAssumptions } from '../../../../src/cli/whatIf/parseAssumptions.ts';
import { injectionOf } from '../../../../src/expect/epoch.ts';
import { injectorEntries, type RawConfiguration } from '../../../../src/expect/webhookEntry.ts';
import { configuration } from '../../expect/chartWebhooks.ts';

const OWN = configuration('istio-sidecar-injector', 'default', 'default', 'plain');
const CANARY = configuration('istio-sidecar-injector-canary', 'canary', 'canary');
const PROD = configuration('istio-revision-tag-prod', 'default', 'prod');
const STABLE = configuration('istio-revision-tag-stable', 'canary', 'stable');
const CLUSTER = [OWN, CANARY, PROD, STABLE];

function check(text: string, configurations: readonly RawConfiguration[] = CLUSTER) {
  const injections = injectorEntries(configurations).map((entry) => injectionOf(entry, {}));
  const namespaces = new Map(
    ['shop', 'bank'].map((name) => [name, { labels: { 'istio-injection': 'enabled' }, annotations: {} }]),
  );
  return checkAssumptions(parseAssumptions(text), { configurations, mesh: { injections, namespaces } });
}

const known: [text: string, now: string | undefined][] = [
  ['tag prod=canary', 'prod=default'],
  ['tag stable=canary', 'stable=canary'],
  ['label namespace/shop istio-injection-', 'istio-injection=enabled'],
  ['label namespace/shop istio.io/rev=canary', undefined],
  ['injector default=127.0.0.1:15018', 'Service istio-system/istiod'],
  ['injector canary=127.0.0.1:15018', 'Service istio-system/istiod-canary'],
];
for (const [assumption, now] of known)
  test(`"${assumption}" is now ${now ?? 'not set'}`, () =>
    assert.deepEqual(check(assumption), [{ assumption, ...(now !== undefined && { now }) }]));

const copy = { ...CANARY, metadata: { ...CANARY.metadata, name: 'hand-made' } };
const secondTag = { ...PROD, metadata: { ...PROD.metadata, name: 'istio-revision-tag-prod-mesh' } };
const SEVERAL = 'has several MutatingWebhookConfigurations, of which istioctl sets none:';
const refused: [text: string, why: string, configurations?: readonly RawConfiguration[]][] = [
  ['tag prdo=canary', 'there is no tag prdo. The cluster has prod, stable'],
  ['tag pro=canary', 'there is no tag pro. Did you mean prod? The cluster has prod, stable'],
  ['tag canary=default', 'there is no tag canary. The cluster has prod, stable'],
  ['tag prod=canary', 'there is no tag prod. The cluster has none', [OWN, CANARY]],
  ['tag prod=canari', 'there is no revision canari. Did you mean canary? The cluster has canary, default'],
  ['tag prod=stable', 'there is no revision stable. The cluster has canary, default'],
  ['tag prod=canary', `revision canary ${SEVERAL} hand-made, istio-sidecar-injector-canary`, [...CLUSTER, copy]],
  [
    'tag prod=canary',
    `tag prod ${SEVERAL} istio-revision-tag-prod, istio-revision-tag-prod-mesh`,
    [...CLUSTER, secondTag],
  ],
  ['label ns/shpo a=b', 'there is no namespace shpo. The cluster has bank, shop'],
  ['label ns/sho a=b', 'there is no namespace sho. Did you mean shop? The cluster has bank, shop'],
  ['injector prod=localhost:1', 'there is no injector of revision prod. The cluster has canary, default'],
];
for (const [text, why, configurations] of refused)
  test(`"${text}" is refused: ${why.slice(0, 60)}`, () =>
    assert.throws(
      () => check(text, configurations),
      ({ message }: Error) => message.startsWith('--if') && message.endsWith(why),
    ));

test('many names are not all listed', () => {
  const tags = Array.from({ length: 30 }, (_, index) =>
    configuration(`istio-revision-tag-t${index}`, 'canary', `t${index}`),
  );
  assert.throws(
    () => check('tag x=canary', [...CLUSTER, ...tags]),
    /The cluster has prod, stable, t0, .* and 12 more$/,
  );
});

test('people read first what was assumed, and what is true', () =>
  assert.equal(
    assumedText(check('tag prod=canary; label ns/shop istio.io/rev=prod istio-injection-')),
    [
      'What would happen if:',
      '  tag prod=canary (now prod=default)',
      '  label namespace/shop istio.io/rev=prod (now not set)',
      '  label namespace/shop istio-injection- (now istio-injection=enabled)',
      '',
      '',
    ].join('\n'),
  ));

test('a URL from the cluster cannot move the cursor', () =>
  assert.match(assumedText([{ assumption: 'injector a=b:1', now: 'https://x\u001b[2J' }]), /https:\/\/x\\u001b\[2J/));
