import assert from 'node:assert/strict';
import { addressOf, queryOf } from '../../../src/page/query.ts';
import { byName, isShown, type PageRow, pageWords, type RowFilter, stepWords } from '../../../src/page/rowFilter.ts';

const row = (given: Partial<PageRow> = {}): PageRow => ({
  namespace: 'shop',
  kind: 'Deployment',
  name: 'cart',
  verdict: 'outdated',
  action: 'wait',
  reason: 'max-in-flight',
  detail: 'proxyv2:1.30.2 → proxyv2:1.31.0; 5 of 5 are in flight',
  ...given,
});
const none: RowFilter = { namespace: '', verdict: '', reason: '', text: '' };

const FILTERS: [name: string, filter: Partial<RowFilter>, isThere: boolean][] = [
  ['no filter shows everything', {}, true],
  ['a part of the namespace', { namespace: 'sho' }, true],
  ['another namespace', { namespace: 'bank' }, false],
  ['its verdict', { verdict: 'outdated' }, true],
  ['a part of its verdict is another one', { verdict: 'out' }, false],
  ['its reason', { reason: 'max-in-flight' }, true],
  ['another reason', { reason: 'window' }, false],
  ['a word of the detail, in any case', { text: 'PROXYV2:1.31' }, true],
  ['words in any order', { text: 'flight  shop/cart'.replace('shop/', 'deployment/') }, true],
  ['words of which one is missing', { text: 'cart nowhere' }, false],
  ['characters that mean something in regular expressions are characters', { text: '.*' }, false],
  ['all of them together', { namespace: 'shop', verdict: 'outdated', reason: 'max-in-flight', text: 'cart' }, true],
];
for (const [name, filter, isThere] of FILTERS)
  test(`filter: ${name}`, () => assert.equal(isShown(row(), { ...none, ...filter }), isThere));

test('rows stand by namespace, name and kind', () => {
  const rows = [
    row({ name: 'b' }),
    row({ name: 'a', kind: 'StatefulSet' }),
    row({ name: 'a' }),
    row({ namespace: 'bank' }),
  ];
  assert.deepEqual(
    rows.sort(byName).map(({ namespace, kind, name }) => `${namespace} ${kind}/${name}`),
    ['bank Deployment/cart', 'shop Deployment/a', 'shop StatefulSet/a', 'shop Deployment/b'],
  );
});

test('a step has its words, and none where nothing is done and nothing is the reason', () => {
  assert.equal(stepWords(row()), 'wait: max-in-flight');
  assert.equal(stepWords(row({ action: 'restart', reason: '' })), 'restart');
  assert.equal(stepWords(row({ action: 'none', reason: 'opted-out' })), 'opted-out');
  assert.equal(stepWords(row({ action: 'none', reason: '' })), '');
});

test('the table says which rows of how many it shows', () => {
  assert.equal(pageWords(300, 100, 400, 400), '301 to 400 of 400 workloads');
  assert.equal(pageWords(0, 2, 2, 400), '1 to 2 of 2 matching workloads, 400 in all');
  assert.equal(pageWords(0, 0, 0, 400), 'None of 0 matching workloads, 400 in all');
});

const QUERIES: [url: string, again: string][] = [
  ['/', './'],
  ['/?namespace=shop&verdict=&page=1', '?namespace=shop'],
  ['/?text=a%26b%3Cc', '?text=a%26b%3Cc'],
  ['/?page=3', '?page=3'],
  ['/?page=-1', './'],
  ['/?page=1e99', './'],
  ['/?page=NaN&unknown=1', './'],
  ['/?explain=Deployment%2Fshop%2Fweb', '?explain=Deployment%2Fshop%2Fweb'],
];
for (const [url, again] of QUERIES) test(`query ${url}`, () => assert.equal(addressOf(queryOf(url)), again));

test('a parameter is cut', () => assert.equal(queryOf(`/?text=${'x'.repeat(9999)}`).text.length, 800));
