import assert from 'node:assert/strict';
import { readPolicy } from '../../../src/cli/policyFile.ts';
import { policyOf } from '../../../src/cli/policyOf.ts';
import { problemLines } from '../../../src/cli/policySource.ts';
import { defaults } from '../../../src/cli/settings.ts';
import { unknownGates } from '../../../src/cli/wavesSchema.ts';
import { wave } from '../../builders/waves.ts';

function read(text: string): unknown {
  const reading = readPolicy(text);
  // where in the file a mistake is, is tested with other keys
  if ('problems' in reading) return problemLines('p', reading.problems).map((line) => line.replace(/^p:\d+:\d+: /, ''));
  return policyOf(defaults(), new Set(), reading.policy).waves;
}

const entry = (text: string): string => `waves: [{${text}}]`;
const DEV = 'name: dev, match: [{namespaces: [dev]}]';

test('a wave with everything', () =>
  assert.deepEqual(read(entry(`${DEV}, percent: 10, bake: 1h30m, maxInFlight: 2, maxFailures: 1`)), [
    wave('dev', { percent: 10, bake: 5_400_000, maxInFlight: 2, maxFailures: 1 }),
  ]));

test('what is left out: no bake, no gates, no limit of its own, no failure borne', () =>
  assert.deepEqual(read(entry(DEV)), [wave('dev')]));

test('without the key there are no waves', () => assert.equal(read('{}'), undefined));

const many = Array.from({ length: 33 }, (_, index) => `{name: w${index}, match: [{names: [a]}]}`).join(', ');
const LABEL =
  'is invalid. It must have at most 63 lower-case letters, digits and dashes, and begin and end with a letter or digit.';
const mistakes: [what: string, text: string, lines: string[]][] = [
  ['an empty list', 'waves: []', ['waves: is an empty list; leave the key out instead']],
  ['more than there may be', `waves: [${many}]`, ['waves: must have at most 32 entries']],
  ['no name', entry('match: [{names: [a]}]'), ['waves[0].name: is missing']],
  ['a name that is no label', entry('name: Dev_1, match: [{names: [a]}]'), [`waves[0].name: 'Dev_1' ${LABEL}`]],
  [
    'the name of the last wave',
    entry('name: rest, match: [{names: [a]}]'),
    ["waves[0].name: 'rest' is invalid. It is the wave of all workloads that no wave matches; choose another name."],
  ],
  [
    'a name twice',
    `waves: [{${DEV}}, {${DEV}}]`,
    ["waves[1].name: 'dev' is given twice. Choose another name than waves[0] has."],
  ],
  ['no filter', entry('name: dev'), ['waves[0].match: is missing']],
  [
    'a filter that would match everything',
    entry('name: dev, match: []'),
    ['waves[0].match: is an empty list; leave the key out instead'],
  ],
  [
    'no per cent',
    entry(`${DEV}, percent: 0`),
    ["waves[0].percent: '0' is invalid. It must be a whole number from 1 to 100."],
  ],
  [
    'more than all',
    entry(`${DEV}, percent: 101`),
    ["waves[0].percent: '101' is invalid. It must be a whole number from 1 to 100."],
  ],
  [
    'a bake without a unit',
    entry(`${DEV}, bake: 30`),
    ["waves[0].bake: '30' is invalid. It must be a duration in whole numbers, such as 90s, 30m or 1h30m."],
  ],
  [
    'a limit that lets nothing go',
    entry(`${DEV}, maxInFlight: 0`),
    ["waves[0].maxInFlight: '0' is invalid. It must be a whole number from 1 to 10000."],
  ],
  [
    'failures below none',
    entry(`${DEV}, maxFailures: -1`),
    ["waves[0].maxFailures: '-1' is invalid. It must be a whole number from 0 to 10000."],
  ],
  ['a key that is unknown', entry(`${DEV}, bakes: 1h`), ['waves[0].bakes: is unknown; did you mean bake?']],
  [
    'a field of a filter that is unknown',
    entry('name: dev, match: [{namespace: a}]'),
    ['waves[0].match[0].namespace: is unknown; did you mean namespaces?'],
  ],
];
for (const [what, text, lines] of mistakes)
  test(`a mistake: ${what}`, () => {
    assert.deepEqual(read(text), lines);
  });

const gates: [what: string, gates: string[], known: string[], message: string | undefined][] = [
  ['a gate that the policy has', ['slo'], ['slo', 'alerts'], undefined],
  [
    'a gate that it does not have',
    ['so'],
    ['slo', 'alerts'],
    "'so' is invalid. It must be the name of a metric gate; metricGates has slo, alerts.",
  ],
  [
    'any gate where there is none',
    ['slo'],
    [],
    "'slo' is invalid. It must be the name of a metric gate; the policy has no metricGates.",
  ],
];
for (const [what, of, known, message] of gates)
  test(what, () => {
    const found = unknownGates(
      [wave('a'), wave('b', { gates: of })],
      known.map((name) => ({ name })),
    );
    const expected = message === undefined ? [] : [{ path: ['waves', 1, 'gates', 0], message }];
    assert.deepEqual(found, expected);
  });
