import assert from 'node:assert/strict';
import { readPolicy } from '../../../src/cli/policyFile.ts';
import { policyOf } from '../../../src/cli/policyOf.ts';
import { problemLines } from '../../../src/cli/policySource.ts';
import { defaults } from '../../../src/cli/settings.ts';

function read(text: string): readonly string[] {
  const reading = readPolicy(text);
  if ('problems' in reading) return problemLines('p', reading.problems);
  const { sources = [] } = policyOf(defaults(), new Set(), reading.policy);
  return sources.map(({ name, container, origin }) => `${name} ${container} ${origin}`);
}

const entry = (text: string): string => `sidecars: [{${text}}]`;
const ISTIO = 'istio istio-proxy Istio';
const VAULT = 'name: vault, container: vault-agent, image: vault:2';

const ROWS: readonly [name: string, text: string, lines: readonly string[]][] = [
  ['Istio alone needs no key', '{}', []],
  ['a wanted image beside Istio', entry(VAULT), [ISTIO, 'vault vault-agent image vault:2']],
  [
    'a webhook without Istio',
    `istio: false\n${entry('name: dapr, container: daprd, webhook: dapr-sidecar-injector/sidecar-injector.dapr.io')}`,
    ['dapr daprd webhook dapr-sidecar-injector/sidecar-injector.dapr.io'],
  ],
  [
    'filters and what must be ready first',
    entry(`${VAULT}, match: [{namespaces: [shop-*]}], readyFirst: [vault/injector]`),
    [ISTIO, 'vault vault-agent image vault:2'],
  ],
  [
    'neither Istio nor another sidecar',
    'istio: false',
    ["p:1:8: istio: 'false' is invalid. Without Istio, the policy needs sidecars that are kept up to date."],
  ],
  ['an empty list', 'sidecars: []', ['p:1:11: sidecars: is an empty list; leave the key out instead']],
  ['no source', entry('name: vault, container: vault-agent'), ['p:1:12: sidecars[0]: needs one of webhook, image']],
  [
    'two sources',
    entry(`${VAULT}, webhook: a/b`),
    ['p:1:12: sidecars[0]: has both webhook and image; leave one of them out'],
  ],
  ['no container', entry('name: vault, image: a'), ['p:1:12: sidecars[0].container: is missing']],
  ['an unknown key', entry(`${VAULT}, images: a`), ['p:1:66: sidecars[0].images: is unknown; did you mean image?']],
  [
    'a webhook without its entry',
    entry('name: dapr, container: daprd, webhook: dapr'),
    [
      "p:1:52: sidecars[0].webhook: 'dapr' is invalid. " +
        'It must be the names of a MutatingWebhookConfiguration and of its entry: configuration/entry.',
    ],
  ],
  [
    'a pattern instead of a name: a template must go to no webhook of that chance',
    entry("name: dapr, container: daprd, webhook: '*/*'"),
    [
      "p:1:52: sidecars[0].webhook: '*/*' is invalid. " +
        'It must be the names of a MutatingWebhookConfiguration and of its entry: configuration/entry.',
    ],
  ],
  [
    'an image with a space',
    entry("name: a, container: b, image: 'a b'"),
    ["p:1:43: sidecars[0].image: 'a b' is invalid. It must be an image reference, such as hashicorp/vault:1.17.2."],
  ],
  [
    'Istio’s own names',
    entry('name: istio, container: istio-proxy, image: a'),
    [
      "p:1:19: sidecars[0].name: 'istio' is invalid. Istio's proxy needs no entry; choose another name.",
      "p:1:37: sidecars[0].container: 'istio-proxy' is invalid. It is the container of Istio's proxy, which needs no entry.",
    ],
  ],
  [
    'one name twice',
    `sidecars:\n- {${VAULT}}\n- {${VAULT}}`,
    ["p:3:10: sidecars[1].name: 'vault' is given twice. Choose another name than sidecars[0] has."],
  ],
  [
    'a Deployment without its namespace',
    entry(`${VAULT}, readyFirst: [injector]`),
    [
      "p:1:79: sidecars[0].readyFirst[0]: 'injector' is invalid. It must be the namespace and the name of a Deployment: namespace/name.",
    ],
  ],
  [
    'a mistake in a filter',
    entry(`${VAULT}, match: [{namespace: shop}]`),
    ['p:1:75: sidecars[0].match[0].namespace: is unknown; did you mean namespaces?'],
  ],
];

for (const [name, text, lines] of ROWS)
  test(`sidecars of a policy: ${name}`, () => assert.deepEqual(read(text), lines));

test('more than 16 sidecars are too many for the record of a restart', () => {
  const many = Array.from({ length: 17 }, (_, index) => `- {name: a${index}, container: b, image: c}`);
  assert.deepEqual(read(`sidecars:\n${many.join('\n')}`), ['p:2:1: sidecars: must have at most 16 entries']);
});
