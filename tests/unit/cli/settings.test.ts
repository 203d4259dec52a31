import assert from 'node:assert/strict';
import { InvalidArgumentError } from 'commander';
import { readPolicy } from '../../../src/cli/policyFile.ts';
import { policyOf } from '../../../src/cli/policyOf.ts';
import { problemLines } from '../../../src/cli/policySource.ts';
import { type Actions, program } from '../../../src/cli/program.ts';
import { defaultOf, type Setting } from '../../../src/cli/setting.ts';
import { SETTINGS } from '../../../src/cli/settings.ts';

const all = Object.entries<Setting<unknown>>(SETTINGS);
const durations = all.filter(([, { value }]) => value === 'duration');
const counts = all.filter(([, { value }]) => value === 'number');

const HOUR = 3_600_000;
/** Below these a setting means nothing: a rollout that may take no time, a limit of nothing at all. */
const NOT_ZERO = ['restartTimeout', ...counts.map(([name]) => name).filter((name) => name !== 'maxRestartsPerMinute')];

test('there are settings to try, and each has its bounds', () => {
  assert.ok(durations.length >= 5 && counts.length >= 7);
  for (const [name, { bounds }] of [...durations, ...counts])
    assert.ok(bounds && bounds.min >= 0 && bounds.max > bounds.min, name);
});

/** @returns undefined where the text is refused in words for people */
function taken({ parse }: Setting<unknown>, text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    assert.ok(error instanceof InvalidArgumentError, String(error));
    assert.match(error.message, /^It must .*\.$/);
    return undefined;
  }
}

const NO_DURATION = ['', ' ', '-1s', '-0s', '+1s', '1', '1d', '1e3s', 'NaN', 'Infinity', '٣s', 'h'];
const TOO_LONG = ['8761h', '9999999h', '8760h1m', '8760h0m1s', '525601m', '525600m1s', '31536001s'];
const FRACTIONS = ['500ms', '1000ms', '1.5s', '1.0s', '0.1h', '1m0.5s', '1h1ms'];
const OUT_OF_ORDER = ['1h60m', '1h90m', '1m60s', '5m1h', '1h1h', '01h', '1h05m'];
const HUGE = `${'9'.repeat(400)}h`;
for (const [name, setting] of durations) {
  test(`${name}: nothing but a duration of whole seconds that means something`, () => {
    for (const text of [...NO_DURATION, ...TOO_LONG, ...FRACTIONS, ...OUT_OF_ORDER, HUGE])
      assert.equal(taken(setting, text), undefined, text);
    for (const [text, milliseconds] of [
      ['1s', 1000],
      ['90s', 90_000],
      ['90m', 5_400_000],
      ['1h30m', 5_400_000],
      ['1h0m59s', 3_659_000],
      ['1h30s', 3_630_000],
      ['0h0m1s', 1000],
      ['8760h', 8760 * HOUR],
      ['8760h0m0s', 8760 * HOUR],
      ['8759h59m59s', 8760 * HOUR - 1000],
      ['525600m', 8760 * HOUR],
      ['525599m59s', 8760 * HOUR - 1000],
      ['31536000s', 8760 * HOUR],
    ] as const)
      assert.equal(taken(setting, text), milliseconds, text);
    for (const zero of ['0', '0s', '0m', '0h0m0s', '0h0s'])
      assert.equal(taken(setting, zero), NOT_ZERO.includes(name) ? undefined : 0, zero);
  });
}

const NO_COUNT = ['', ' ', '-1', '+1', '1.5', '1e3', '0x10', 'NaN', 'Infinity', '01', '1000000', '9'.repeat(400), '١'];
for (const [name, setting] of counts) {
  test(`${name}: nothing but a whole number that means something`, () => {
    for (const text of NO_COUNT) assert.equal(taken(setting, text), undefined, text);
    for (const [text, number] of [
      ['1', 1],
      ['999999', 999_999],
    ] as const)
      assert.equal(taken(setting, text), number);
    assert.equal(taken(setting, '0'), NOT_ZERO.includes(name) ? undefined : 0);
  });
}

test('a timeout below a second is refused with what would be right', () => {
  for (const text of ['0s', '0', '500ms'])
    assert.throws(() => SETTINGS.restartTimeout.parse(text), /It must be a duration such as .* from 1s to 8760h\./);
});

for (const [name, setting] of all)
  test(`the default of ${name} is what its own parser makes of it`, () =>
    assert.deepEqual(
      setting.unset ? taken(setting, setting.default) : setting.parse(setting.default),
      setting.unset ? undefined : defaultOf(setting),
    ));

/** Where nothing given means everything, an empty value is a variable that somebody forgot. */
const WIDENING = ['policy', 'namespaces', 'istioNamespaces', 'includeNamespaces', 'includeLabels', 'namespace'];
for (const name of WIDENING) {
  for (const text of ['', ' ', ',', ' , ,', '\t']) {
    test(`${name} refuses ${JSON.stringify(text)}, which would mean everything`, () => {
      const setting: Setting<unknown> = SETTINGS[name as keyof typeof SETTINGS];
      assert.throws(() => setting.parse(text), /It must .*; leave it out /);
    });
  }
}

test('every setting that selects and has no default either refuses an empty text or narrows by it', () => {
  const selecting = all.filter(([, { value = '' }]) => ['names', 'patterns', 'selector'].includes(value));
  const narrowing = ['skipNamespaces', 'excludeNamespaces', 'excludeLabels'];
  for (const [name] of selecting) assert.ok([...WIDENING, ...narrowing].includes(name), name);
});

for (const [name, setting] of all.filter(([, { list }]) => list))
  test(`${name}: commas without a word are no list`, () => assert.equal(taken(setting, ','), undefined));

const empties: [string, unknown][] = [
  ['skipNamespaces', new Set()],
  ['restartOn', new Set()],
  ['ignoreGate', new Set()],
  ['excludeNamespaces', []],
  ['excludeLabels', undefined],
];
for (const [name, nothing] of empties)
  test(`${name}: an empty text is none of them`, () =>
    assert.deepEqual(SETTINGS[name as keyof typeof SETTINGS].parse(''), nothing));

const FILE = { includeNamespaces: ['shop'], excludeNamespaces: ['bank'], skipNamespaces: new Set(['a']) };

/** What `run` makes of an environment, besides a policy file that includes shop, excludes bank and skips a. */
async function policyIn(environment: Record<string, string>) {
  const found = Promise.withResolvers<ReturnType<typeof policyOf>>();
  const run: Actions['run'] = async (settings, given) => {
    found.resolve(policyOf(settings, given, FILE));
    return 0;
  };
  Object.assign(process.env, environment);
  try {
    const command = program('0', { run } as Actions, () => undefined, process.env);
    await command.configureOutput({ writeErr: () => undefined }).parseAsync(['node', 'meltemi', 'run']);
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name];
  }
  return found.promise;
}

test('an empty variable does not lift what the policy file includes or excludes', async () => {
  const { includeNamespaces, excludeNamespaces } = await policyIn({
    MELTEMI_INCLUDE_NAMESPACES: '',
    MELTEMI_EXCLUDE_NAMESPACES: '',
    MELTEMI_NAMESPACES: '',
    MELTEMI_ISTIO_NAMESPACES: '',
    MELTEMI_POLICY: '',
    MELTEMI_INCLUDE_LABELS: '',
  });
  assert.deepEqual(
    { includeNamespaces, excludeNamespaces },
    { includeNamespaces: ['shop'], excludeNamespaces: ['bank'] },
  );
});

test('an empty variable of a list that has a default says none, as an empty list in the chart does', async () => {
  const { skipNamespaces, restartOn } = await policyIn({ MELTEMI_SKIP_NAMESPACES: '', MELTEMI_RESTART_ON: '' });
  assert.deepEqual([skipNamespaces, restartOn], [new Set(), new Set()]);
});

const complaints = (text: string): string[] => {
  const reading = readPolicy(text);
  return 'problems' in reading ? problemLines('p.yaml', reading.problems) : [];
};

const widening: [string, RegExp][] = [
  ['includeNamespaces: []', /^p\.yaml:1:20: includeNamespaces: \[\] is invalid\. It must name at least one namespace/],
  ['includeNamespaces: ","', /^p\.yaml:1:20: includeNamespaces: ',' is invalid\. It must name/],
  ['includeNamespaces: ""', /^p\.yaml:1:20: includeNamespaces: has no value/],
  ['includeNamespaces:', /has no value/],
  ['includeNamespaces: [""]', /^p\.yaml:1:21: includeNamespaces\[0\]: must be one word/],
  ['includeNamespaces: [" "]', /^p\.yaml:1:21: includeNamespaces\[0\]: must be one word/],
  ['includeLabels: ""', /has no value/],
  ['includeLabels: " "', /has no value/],
  ['includeLabels: {}', /must be one selector/],
  ['include: []', /^p\.yaml:1:10: include: is an empty list, which would include everything/],
  ['include: [{}]', /include\[0\]: needs at least one of/],
  ['include: [{namespaces: []}]', /include\[0\]\.namespaces: is an empty list/],
  ['include: [{namespaces: [""]}]', /include\[0\]\.namespaces\[0\]: '' is invalid/],
  ['include: [{labels: {}}]', /selects everything/],
  ['include: [{labels: ""}]', /is invalid/],
  ['include: [{labels: {matchLabels: {}}}]', /selects everything/],
  ['include: [{labels: {matchExpressions: []}}]', /is an empty list/],
  [
    'include: [{namespaceLabels: {matchExpressions: [{key: a, operator: In, values: []}]}}]',
    /In and NotIn need values/,
  ],
  ['include: [{kinds: []}, {names: [a]}]', /include\[0\]\.kinds: is an empty list/],
  ['exclude: [{}]', /exclude\[0\]: needs at least one of/],
];
for (const [text, message] of widening)
  test(`in a policy file, ${text} is a mistake`, () => {
    const [rejection = '', ...more] = complaints(text);
    assert.match(rejection, message);
    assert.deepEqual(more, []);
  });

for (const text of ['exclude: []', 'skipNamespaces: []', 'excludeNamespaces: []', 'ignoreGate: []', 'restartOn: []'])
  test(`in a policy file, ${text} says none`, () => assert.deepEqual(complaints(text), []));

test('what a policy file quotes cannot begin a line of its own or act on a terminal', () => {
  const lines = complaints('maxInFlight: "\\u001b[2J\\np.yaml:9:9: all is well"\n"\\u202ekey\\n": 1');
  assert.equal(lines.length, 2);
  for (const line of lines) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
});

const named: [text: string, kind: string | undefined][] = [
  ['Deployment/web', 'Deployment'],
  ['statefulsets/web', 'StatefulSet'],
  ['job/web', 'Job'],
  ['Pod/web', 'Pod'],
  ['Kafka.kafka.strimzi.io/web', 'Kafka.kafka.strimzi.io'],
  ['Kafka/web', undefined],
  ['other/web', undefined],
  ['Job/', undefined],
  ['Job/../web', undefined],
];
for (const [text, kind] of named)
  test(`--explain ${text} ${kind ? `is about a ${kind}` : 'is refused'}`, () => {
    const found = taken(SETTINGS.explain, text) as { kind: string; name: string } | undefined;
    assert.deepEqual(found, kind && { kind, name: 'web' });
  });
