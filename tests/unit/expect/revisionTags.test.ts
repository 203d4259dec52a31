import assert from 'node:assert/strict';
import { revisionsIn, tagsIn, withTagMoved } from '../../../src/expect/revisionTags.ts';
import type { RawConfiguration } from '../../../src/expect/webhookEntry.ts';
import { configuration } from './chartWebhooks.ts';

const OWN = configuration('istio-sidecar-injector', 'default', 'default', 'plain');
const CANARY = configuration('istio-sidecar-injector-canary', 'canary', 'canary');
const PROD = configuration('istio-revision-tag-prod', 'default', 'prod');
const FOREIGN = { name: 'other.example.com', clientConfig: { url: 'https://other.example.com' } };

test('tags and revisions come from labels of configurations with entries of Istio’s, not from names', () => {
  const other: RawConfiguration = {
    metadata: { name: 'istio-revision-tag-x', labels: { 'istio.io/rev': 'y', 'istio.io/tag': 'x' } },
    webhooks: [FOREIGN],
  };
  const unlabelled = { ...OWN, metadata: { name: 'istio-sidecar-injector-z' } };
  const all = [OWN, CANARY, PROD, other, unlabelled];
  assert.deepEqual([...tagsIn(all)], [['prod', 'default']]);
  assert.deepEqual(revisionsIn(all), ['default', 'canary']);
});

test('malformed objects have neither', () => {
  const wrong = [{ metadata: { labels: 7 } }, { webhooks: 'no list' }, {}, null] as unknown as RawConfiguration[];
  assert.deepEqual([...tagsIn(wrong)], []);
  assert.deepEqual(revisionsIn(wrong), []);
});

test('entries of others in a tag’s configuration keep their address', () => {
  const mixed: RawConfiguration = { ...PROD, webhooks: [FOREIGN, ...(PROD.webhooks ?? [])] };
  const [moved] = withTagMoved([mixed, OWN, CANARY], { kind: 'tag', tag: 'prod', revision: 'canary' });
  const urls = moved?.webhooks?.map(({ clientConfig }) => clientConfig?.url ?? clientConfig?.service?.name);
  assert.deepEqual(urls, ['https://other.example.com', 'istiod-canary', 'istiod-canary']);
});

const unchanged: [name: string, configurations: RawConfiguration[], tag: string][] = [
  ['a tag that does not exist', [OWN, CANARY, PROD], 'stable'],
  ['a revision without a configuration of its own', [OWN, PROD], 'prod'],
  ['a revision with several', [OWN, CANARY, CANARY, PROD], 'prod'],
];
for (const [name, configurations, tag] of unchanged)
  test(`${name} changes nothing`, () =>
    assert.deepEqual(withTagMoved(configurations, { kind: 'tag', tag, revision: 'canary' }), configurations));
