import assert from 'node:assert/strict';
import { readPolicy } from '../../../src/cli/policyFile.ts';
import { POLICY_KEYS } from '../../../src/cli/policySchema.ts';
import { problemLines } from '../../../src/cli/policySource.ts';
import { POLICY_NAMES, SETTINGS } from '../../../src/cli/settings.ts';

/** All that is wrong, as people see it. */
function complaints(text: string): string[] {
  const reading = readPolicy(text);
  return 'problems' in reading ? problemLines('p.yaml', reading.problems) : [];
}

function policyIn(text: string): object {
  const reading = readPolicy(text);
  assert.ok('policy' in reading, complaints(text).join('\n'));
  return reading.policy;
}

const EMPTY = ['p.yaml:1:1: is empty; write {} to keep every default'];
const bomb = [...'bcdefgh'].map((key, index) => `${key}: &${key} [${Array(9).fill(`*${'abcdefg'[index]}`).join(',')}]`);

const wrong: [string, string, string[]][] = [
  [
    'a number',
    'maxInFlight: 0',
    ["p.yaml:1:14: maxInFlight: '0' is invalid. It must be a whole number from 1 to 999999."],
  ],
  [
    'a number that YAML would have made one',
    'maxInFlight: 1e1',
    ["p.yaml:1:14: maxInFlight: '1e1' is invalid. It must be a whole number from 1 to 999999."],
  ],
  [
    'a duration, on its line',
    '# how fast\n\nrestartDelay:   10 # seconds',
    ["p.yaml:3:17: restartDelay: '10' is invalid. It must be a duration such as 10s, 5m or 1h30m, at most 8760h."],
  ],
  ['a switch', 'optIn: yes', ["p.yaml:1:8: optIn: 'yes' is invalid. It must be true or false."]],
  [
    'a word in a list, where it stands',
    'restartOn:\n  - image\n  - imag',
    [
      `p.yaml:3:5: restartOn[1]: 'imag' is invalid. "imag" is not one of missing, image, revision, native, config, orphaned.`,
    ],
  ],
  [
    'a list in a text',
    'restartOn: image,imag',
    [
      `p.yaml:1:12: restartOn: 'image,imag' is invalid. "imag" is not one of missing, image, revision, native, config, orphaned.`,
    ],
  ],
  [
    'a word with a comma',
    'skipNamespaces: ["a,b"]',
    ['p.yaml:1:18: skipNamespaces[0]: must be one word without commas'],
  ],
  [
    'a list of blanks',
    'skipNamespaces: "  "',
    ['p.yaml:1:17: skipNamespaces: has no value; leave the key out instead'],
  ],
  ['a blank in a list', 'skipNamespaces: [" "]', ['p.yaml:1:18: skipNamespaces[0]: must be one word without commas']],
  ['a map instead of a number', 'maxInFlight: {a: b}', ['p.yaml:1:14: maxInFlight: must be one number']],
  ['a list instead of a switch', 'optIn: [true]', ['p.yaml:1:8: optIn: must be one of true and false']],
  ['a map instead of a list', 'ignoreGate: {a: b}', ['p.yaml:1:13: ignoreGate: must be a list']],
  ['a key without value', 'maxInFlight:\n', ['p.yaml:1:13: maxInFlight: has no value; leave the key out instead']],
  [
    'the flag instead of the key',
    'max-in-flight: 3',
    ['p.yaml:1:1: max-in-flight: is unknown; did you mean maxInFlight?'],
  ],
  ['a key with a slip', 'exclud: []', ['p.yaml:1:1: exclud: is unknown; did you mean exclude?']],
  [
    'a setting that is no policy',
    'optIn: true\ndryRun: true',
    [`p.yaml:2:1: dryRun: is unknown; the known keys are ${POLICY_KEYS.join(', ')}`],
  ],
  ['a key given twice', 'optIn: true\noptIn: false', ['p.yaml:2:1: optIn is given twice']],
  [
    'a key given twice hides no other mistake',
    'optIn: true\noptIn: false\nmaxAttempts: x',
    [
      'p.yaml:2:1: optIn is given twice',
      "p.yaml:3:14: maxAttempts: 'x' is invalid. It must be a whole number from 1 to 999999.",
    ],
  ],
  [
    'one word where a list of patterns belongs',
    'exclude:\n  - namespaces: batch-*',
    ["p.yaml:2:17: exclude[0].namespaces: 'batch-*' is invalid. It must be a list."],
  ],
  [
    'a pattern that no namespace can match',
    'include:\n- namespaces: [shop, Bank]',
    [
      "p.yaml:2:22: include[0].namespaces[1]: 'Bank' is invalid. It must be the name of a namespace, in which * " +
        'may stand for any characters.',
    ],
  ],
  [
    'a kind',
    'exclude: [{kinds: [Job]}]',
    [
      "p.yaml:1:20: exclude[0].kinds[0]: 'Job' is invalid. It must be one of Deployment, StatefulSet, DaemonSet, Rollout, " +
        'ReplicaSet, ReplicationController.',
    ],
  ],
  [
    'a field of a filter',
    'exclude: [{kind: [Job]}]',
    ['p.yaml:1:12: exclude[0].kind: is unknown; did you mean kinds?'],
  ],
  [
    'a filter that matches everything',
    'exclude:\n  - {}',
    [
      'p.yaml:2:5: exclude[0]: needs at least one of namespaces, namespaceLabels, names, kinds, ownerKinds, labels, annotations, images',
    ],
  ],
  [
    'a list that says nothing',
    'exclude: [{names: []}]',
    ['p.yaml:1:19: exclude[0].names: is an empty list; leave the key out instead'],
  ],
  [
    'a selector that says nothing',
    'exclude: [{labels: {}}]',
    ['p.yaml:1:20: exclude[0].labels: selects everything; leave the key out instead'],
  ],
  [
    'a selector as text',
    'exclude: [{labels: "tier in (db"}]',
    [
      `p.yaml:1:20: exclude[0].labels: 'tier in (db' is invalid. It must be a label selector such as tier=db,app ` +
        `in (a,b),!canary: "tier in (db" is not a requirement.`,
    ],
  ],
  [
    'an expression',
    'exclude:\n- labels:\n    matchExpressions:\n    - {key: a, operator: Is}\n    - {key: a, operator: In}\n' +
      '    - {operator: Exists, key: "-"}',
    [
      "p.yaml:4:26: exclude[0].labels.matchExpressions[0].operator: 'Is' is invalid. It must be one of In, NotIn, Exists, DoesNotExist.",
      'p.yaml:5:7: exclude[0].labels.matchExpressions[1]: In and NotIn need values, Exists and DoesNotExist have none',
      "p.yaml:6:31: exclude[0].labels.matchExpressions[2].key: '-' is invalid. It must be a key as Kubernetes " +
        'has it, such as app or example.com/team.',
    ],
  ],
  [
    'a label that cannot be',
    'exclude: [{labels: {matchLabels: {tier: "a b"}}}]',
    [
      "p.yaml:1:41: exclude[0].labels.matchLabels.tier: 'a b' is invalid. It must be a label value: at most 63 " +
        'letters, digits, dashes, dots and underscores.',
    ],
  ],
  [
    'a key that JavaScript would lose',
    'exclude: [{labels: {matchLabels: {__proto__: a, app: b}}}]',
    ['p.yaml:1:35: __proto__ is not a valid key'],
  ],
  [
    'what an alias leads to, where it stands',
    'include: [{names: &a [A]}]\nexclude: [{names: *a}]',
    [
      "p.yaml:1:23: include[0].names[0]: 'A' is invalid. It must be the name of a workload, in which * may stand for any characters.",
      "p.yaml:1:23: exclude[0].names[0]: 'A' is invalid. It must be the name of a workload, in which * may stand for any characters.",
    ],
  ],
  ['no file content', '', EMPTY],
  ['only comments', '# nothing\n\n# at all\n', EMPTY],
  ['only the beginning of a document', '---\n', EMPTY],
  [
    'two documents',
    'optIn: maybe\n---\noptIn: true',
    ['p.yaml:2:1: has several YAML documents; a policy file has one'],
  ],
  ['a list', '- optIn', ['p.yaml:1:1: must be a map of settings, such as maxInFlight: 5']],
  ['a word', 'optIn', ['p.yaml:1:1: must be a map of settings, such as maxInFlight: 5']],
  ['a tab', 'exclude:\n\t- names: [a]', ['p.yaml:2:1: is not YAML: Tabs are not allowed as indentation']],
  ['a tag', 'optIn: !!bool true', ['p.yaml:1:8: is not YAML: Unresolved tag: tag:yaml.org,2002:bool']],
  ['an open quote', 'optIn: "true', ['p.yaml:1:13: is not YAML: Missing closing "quote']],
  [
    'an alias of nothing',
    'include: *nothing',
    ['p.yaml:1:10: Unresolved alias (the anchor must be set before the alias): nothing'],
  ],
  [
    'aliases that multiply',
    `a: &a [x,x,x,x,x,x,x,x,x]\n${bomb.join('\n')}`,
    ['p.yaml:2:8: Excessive alias count indicates a resource exhaustion attack'],
  ],
  ['a file without end', 'x'.repeat(70_000), ['p.yaml: is larger than 64 KiB']],
  ['fewer characters than bytes', `optIn: true # ${'漢'.repeat(30_000)}`, ['p.yaml: is larger than 64 KiB']],
];
for (const [name, text, expected] of wrong)
  test(`what is wrong and where: ${name}`, () => assert.deepEqual(complaints(text), expected));

test('lists in lists in lists are refused, not followed', () => {
  const [rejection, ...more] = complaints(`a: ${'['.repeat(30_000)}`);
  assert.match(rejection ?? '', /^p\.yaml:1:\d+: is nested too deeply$/);
  assert.deepEqual(more, []);
});

const right: [string, string, object][] = [
  ['nothing but defaults', '{}', {}],
  [
    'a number, a duration, a switch',
    'maxInFlight: 7\nrestartDelay: 1m30s\noptIn: true',
    { maxInFlight: 7, restartDelay: 90_000, optIn: true },
  ],
  ['quotes change nothing', 'maxInFlight: "7"\noptIn: \'true\'', { maxInFlight: 7, optIn: true }],
  ['a list', 'skipNamespaces: [a, b]', { skipNamespaces: new Set(['a', 'b']) }],
  ['an empty list is none', 'skipNamespaces: []', { skipNamespaces: new Set() }],
  ['a list as the flag has it', 'excludeNamespaces: a-*,b', { excludeNamespaces: ['a-*', 'b'] }],
  [
    'Windows line ends and a mark at the beginning',
    '\ufeffmaxInFlight: 7\r\nmaxAttempts: 2\r\n',
    { maxInFlight: 7, maxAttempts: 2 },
  ],
  [
    'numbers and booleans in selectors are texts',
    'exclude: [{labels: {matchLabels: {tier: 1, on: true}}}]',
    { exclude: [{ labels: { matchLabels: { tier: '1', on: 'true' } } }] },
  ],
  [
    'a selector as text',
    'exclude: [{annotations: "!a"}]',
    { exclude: [{ annotations: { matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] } }] },
  ],
  [
    'an annotation may say anything',
    'include: [{annotations: {matchLabels: {a: "b c"}}}]',
    { include: [{ annotations: { matchLabels: { a: 'b c' } } }] },
  ],
  [
    'one list for two filters',
    'include: [{names: &a [x]}]\nexclude: [{names: *a}]',
    { include: [{ names: ['x'] }], exclude: [{ names: ['x'] }] },
  ],
];
for (const [name, text, expected] of right) test(`a policy: ${name}`, () => assert.deepEqual(policyIn(text), expected));

for (const name of POLICY_NAMES) {
  test(`the default of ${name} may stand in a file`, () => {
    const { default: text, parse } = SETTINGS[name];
    if (text) assert.deepEqual(policyIn(`${name}: ${text}`), { [name]: parse(text) });
  });
}
