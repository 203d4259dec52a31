import assert from 'node:assert/strict';
import { InvalidArgumentError } from 'commander';
import { ASSUMPTION_FORMS, combined, parseAssumptions } from '../../../../src/cli/whatIf/parseAssumptions.ts';
import { assumptionText } from '../../../../src/expect/assumption.ts';

const texts = (text: string): string[] => parseAssumptions(text).map(assumptionText);

const LONG = 'x'.repeat(63);
const read: [name: string, text: string, assumptions: string[]][] = [
  ['a tag', 'tag prod=canary', ['tag prod=canary']],
  ['a label', 'label namespace/shop istio.io/rev=canary', ['label namespace/shop istio.io/rev=canary']],
  ['a label that is removed', 'label namespace/shop istio-injection-', ['label namespace/shop istio-injection-']],
  ['an empty label', 'label namespace/shop istio-injection=', ['label namespace/shop istio-injection=']],
  ['several labels', 'label ns/shop a=1 b-', ['label namespace/shop a=1', 'label namespace/shop b-']],
  ['the plural', 'label namespaces/shop a=1', ['label namespace/shop a=1']],
  ['a key with a prefix', 'label ns/shop x/a=b', ['label namespace/shop x/a=b']],
  ['the longest names', `label ns/${LONG} ${LONG}=${LONG}`, [`label namespace/${LONG} ${LONG}=${LONG}`]],
  ['an injector', 'injector default=127.0.0.1:15018', ['injector default=127.0.0.1:15018']],
  ['an injector by name', 'injector default=localhost:15018', ['injector default=localhost:15018']],
  ['an injector by IPv6', 'injector default=[::1]:15018', ['injector default=[::1]:15018']],
  ['several, blanks anywhere', ' tag  a=b ;; tag c=d ', ['tag a=b', 'tag c=d']],
  ['nothing', '', []],
  ['the same twice, once', 'tag a=b; tag a=b', ['tag a=b']],
  ['one label of two namespaces', 'label ns/a x=1; label ns/b x=2', ['label namespace/a x=1', 'label namespace/b x=2']],
];
for (const [name, text, expected] of read) test(`reads ${name}`, () => assert.deepEqual(texts(text), expected));

for (const form of Object.values(ASSUMPTION_FORMS))
  test(`the example "${form}" is read as it is written`, () => assert.deepEqual(texts(form), [form]));

const refused: [text: string, why: RegExp][] = [
  ['tga prod=canary', /"tga" cannot be assumed/],
  ['labels namespace/shop a=b', /such as "tag .*" or "label .*" or "injector .*": "labels" .*; did you mean label\?/],
  ['revision prod=canary', /"revision" cannot be assumed/],
  ['tag prod', /such as "tag prod=canary": "tag prod" is not tag TAG=REVISION/],
  ['tag prod canary', /is not tag TAG=REVISION/],
  ['tag prod=canary stable=canary', /is not tag TAG=REVISION/],
  ['tag =canary', /is not tag TAG=REVISION/],
  ['tag prod=', /"" is not the name of a revision/],
  ['tag Prod=canary', /"Prod" is not the name of a tag: use lower-case letters/],
  [`tag ${LONG}x=canary`, /is not the name of a tag/],
  ['label shop a=b', /"shop" is not namespace\/NAME/],
  ['label deployment/web a=b', /Only labels of namespaces can be assumed: a workload whose pod template changes/],
  ['label namespace/ a=b', /"" is not the name of a namespace/],
  ['label namespace/shop', /names no label: add key=value, or key- to remove it/],
  ['label namespace/shop a', /"a" is not a label: give key=value, or key- to remove it/],
  ['label namespace/shop -', /"" is not a label key/],
  ['label namespace/shop =b', /"" is not a label key/],
  ['label namespace/shop a/b/c=d', /"a\/b\/c" is not a label key/],
  ['label namespace/shop __proto__=d', /"__proto__" is not a label key/],
  ['label namespace/shop a=b=c', /"b=c" is not a label value/],
  [`label namespace/shop a=${LONG}x`, /is not a label value: .*at most 63/],
  ['label namespace/shop kubernetes.io/metadata.name=x', /is always the name of the namespace/],
  ['injector default=15018', /"15018" is not an address: give host:port/],
  ['injector default=:15018', /is not an address/],
  ['injector default=', /"" is not an address/],
  ['injector default=localhost:99999', /is not an address/],
  ['tag a=b; tag a=c', /"tag a=b" and "tag a=c" are about the same thing/],
  ['label ns/s a=b a-', /"label namespace\/s a=b" and "label namespace\/s a-" are about the same thing/],
  ['injector a=b:1; injector a=c:1', /are about the same thing/],
  [Array.from({ length: 101 }, (_, index) => `tag t${index}=r`).join(';'), /at most 100 assumptions/],
  [`tag ${'x'.repeat(5000)}`, /at most 4000 characters/],
];
for (const [text, why] of refused)
  test(`refuses "${text.slice(0, 60)}"`, () =>
    assert.throws(
      () => parseAssumptions(text),
      (error: Error) => {
        assert.ok(error instanceof InvalidArgumentError);
        assert.match(error.message, /^It must .*\.$/);
        assert.match(error.message, why);
        assert.ok(error.message.length < 600);
        return true;
      },
    ));

test('a flag that is given again adds to the ones before', () =>
  assert.deepEqual(combined(parseAssumptions('tag a=b'), parseAssumptions('tag c=d')).map(assumptionText), [
    'tag a=b',
    'tag c=d',
  ]));

test('flags that contradict each other are refused', () =>
  assert.throws(() => combined(parseAssumptions('tag a=b'), parseAssumptions('tag a=c')), /about the same thing/));
